package model

import (
	"strings"
	"time"
)

// Container is one container of the project.
type Container struct {
	ID      string // 64 hexadecimal digits
	Name    string // mltb-app-1
	Service string // of Compose; "app"
	Number  int    // of the replicas of the service, from 1
	Image   *Image
	Command []string
	Env     []string
	Labels  map[string]string
	Ports   []Port
	Mounts  []Mount
	Aliases []string // names on the network; nil while it is disconnected

	State      Phase
	Created    time.Time
	Started    time.Time
	Finished   time.Time // zero before the first end
	ExitCode   int
	OOMKilled  bool
	Restarts   int // by the engine's restart policy
	Health     *Health
	Restart    string // restart policy: no, always, unless-stopped
	Privileged bool
	HostNet    bool
	HostPID    bool
	ReadOnly   bool

	MemoryLimit int64   // bytes, 0 for none
	SwapLimit   int64   // bytes of memory and swap together, 0 for none
	CPULimit    float64 // processors, 0 for none
	Quota       *Quota  // by which CPULimit was given; nil where it was given in processors
	Made        *Made   // what the client that made it asked for; nil for Compose

	Memory    float64       // bytes in use
	CPU       float64       // processors in use over the last second
	Throttled float64       // processors wanted beyond the limit
	CPUTime   time.Duration // used since the start
	Received  float64       // bytes since the start
	Sent      float64
	Written   float64 // bytes to its disk
	Processes []Process
	Files     map[string]string // copied into it, by their paths
	Lines     []Line            // the log, the oldest first
	Said      int               // lines since it was made, also those that went

	throttledPeriods float64
	usual            float64 // bytes that its service uses on a quiet day
}

// Quota is a limit of processors: microseconds of each period, in microseconds.
type Quota struct{ Period, Quota int64 }

// Made is what a client asks of a container that it makes.
type Made struct {
	Remove bool // once it has ended
	TTY    bool
}

// Phase is the state of a container, in the words of the Docker Engine.
type Phase string

// The states of a container.
const (
	Created Phase = "created"
	Running Phase = "running"
	Paused  Phase = "paused"
	Exited  Phase = "exited"
)

// Health is what the health check of a container says.
type Health struct {
	Status   string // starting, healthy, unhealthy
	Failing  int    // checks in a row
	Log      []Check
	Interval time.Duration
	lastRun  time.Time
}

// Check is one run of a health check.
type Check struct {
	At       time.Time
	ExitCode int
	Output   string
}

// Port is a published port.
type Port struct {
	Private, Public uint16
	Host            string // address on the host
}

// Mount is a mount of a container.
type Mount struct {
	Type, Name, Source, Target string // "volume" or "bind"
	ReadOnly                   bool
}

// Process is a process in a container.
type Process struct {
	PID     int
	User    string
	Command string
	CPU     float64 // per cent
}

// Line is a line of a container's log.
type Line struct {
	At     time.Time
	Stderr bool
	Text   string
}

// Image is an image of the engine.
type Image struct {
	ID      string   // sha256:…
	Tags    []string // mltb/app:1.4.2
	Size    int64    // bytes
	Created time.Time
	Digest  string
}

// Name is the first name of the image; its id where it has none.
func (i *Image) Name() string {
	if len(i.Tags) == 0 {
		return i.ID
	}
	return i.Tags[0]
}

// Version is the version that the tag of the image names.
func (i *Image) Version() string { return i.Name()[strings.LastIndexByte(i.Name(), ':')+1:] }

// Running says whether the container runs, paused or not.
func (c *Container) Running() bool { return c.State == Running || c.State == Paused }

// Serves says whether what runs in the container answers.
func (c *Container) Serves() bool { return c.State == Running }

// MemoryPercent is the use of the limit in per cent; 0 without a limit.
func (c *Container) MemoryPercent() float64 {
	if c.MemoryLimit <= 0 {
		return 0
	}
	return 100 * c.Memory / float64(c.MemoryLimit)
}

// Say appends a line to the log of the container; the oldest lines go.
func (c *Container) Say(at time.Time, stderr bool, text string) {
	if len(c.Lines) >= keptLines {
		c.Lines = append(c.Lines[:0], c.Lines[keptLines/4:]...)
	}
	c.Said++
	c.Lines = append(c.Lines, Line{At: at, Stderr: stderr, Text: text})
}

const keptLines = 4000
