package model

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"runbook/lab/document"
)

// MiB and GiB are sizes in bytes.
const (
	MiB = 1 << 20
	GiB = 1 << 30
)

// World is the state of the service, and its laws.
type World struct {
	Now  time.Time
	Seed uint64

	Containers []*Container
	Images     []*Image
	Events     []Event // of the Docker Engine, the oldest first
	Recorded   int     // events since the start, also those that went
	App        App
	Traffic    Traffic
	Redis      Redis
	Mongo      Mongo
	Downloads  Downloads
	Disk       Disk

	faults   []active
	declared Declared
	lasting  map[string]bool // of the declared faults
	kills    []KillState
	stepped  time.Time
	began    time.Time
	hostTime time.Duration // of processors, used by all containers
	random   *rand.Rand
}

// Event is an event of the Docker Engine.
type Event struct {
	At         time.Time
	Type       string // container, network, image
	Action     string // start, die, restart, health_status: healthy
	ID         string
	Attributes map[string]string
}

// upFor is how long everything has run when a lab begins.
const upFor = 36 * time.Hour

// Project is the name of the Compose project.
const Project = "mltb"

func newWorld(seed uint64, now time.Time) *World {
	w := &World{Now: now, Seed: seed, stepped: now, began: now, lasting: map[string]bool{}, random: rand.New(rand.NewPCG(seed, 0x6c6162))}
	w.Images = images(now)
	w.Containers = w.newContainers(now.Add(-upFor))
	w.App = newApp()
	w.Redis = newRedis(now)
	w.Disk = newDisk()
	w.Mongo = newMongo(w)
	w.Downloads = newDownloads(w)
	w.Traffic = newTraffic()
	w.settle()
	return w
}

// Database is the service's database.
func (w *World) Database() *document.Database { return w.Mongo.Databases[Project] }

// Container returns the first container whose name, ID, beginning of an ID, or
// service is that; nil for none.
func (w *World) Container(name string) *Container {
	name = strings.TrimPrefix(name, "/")
	for _, match := range []func(*Container) bool{
		func(c *Container) bool { return c.Name == name || c.ID == name },
		func(c *Container) bool { return len(name) >= 4 && strings.HasPrefix(c.ID, name) },
		func(c *Container) bool { return c.Service == name },
	} {
		if i := slices.IndexFunc(w.Containers, match); i >= 0 {
			return w.Containers[i]
		}
	}
	return nil
}

// Service returns the containers of a service of Compose, by number.
func (w *World) Service(name string) []*Container {
	var all []*Container
	for _, c := range w.Containers {
		if c.Service == name {
			all = append(all, c)
		}
	}
	return all
}

// Serves says whether a container of the service runs, is on the network, and
// what runs in it is ready.
func (w *World) Serves(service string) bool {
	return slices.ContainsFunc(w.Service(service), func(c *Container) bool {
		return c.Serves() && c.Aliases != nil && !w.Now.Before(c.Started.Add(bootTime(c.Service)))
	})
}

// chance is a number in [0, 1), the next of the seed's.
func (w *World) chance() float64 { return w.random.Float64() }

// around is a value with a noise of share of it to either side.
func (w *World) around(value, share float64) float64 {
	return value * (1 + share*(2*w.chance()-1))
}

// event notes an event of the engine about c.
func (w *World) event(c *Container, action string) {
	w.Record("container", action, c.ID, map[string]string{
		"name": c.Name, "image": c.Image.Name(),
		"com.docker.compose.project": Project, "com.docker.compose.service": c.Service,
	})
}

// Record notes an event of the engine.
func (w *World) Record(kind, action, id string, attributes map[string]string) {
	if len(w.Events) >= keptEvents {
		w.Events = append(w.Events[:0], w.Events[keptEvents/4:]...)
	}
	w.Recorded++
	w.Events = append(w.Events, Event{At: w.Now, Type: kind, Action: action, ID: id, Attributes: attributes})
}

const keptEvents = 2000

// step lets a second pass.
func (w *World) step() {
	w.stepped = w.Now
	w.followContainers()
	w.stepMongo()
	w.stepRedis()
	w.stepApp()
	w.stepTraffic()
	w.stepDownloads()
	w.stepContainers()
	w.stepDisk()
}

// settle brings what follows at once from a change up to date.
func (w *World) settle() {
	w.followContainers()
}

// hexID is an ID of the engine's form, the same for the same seed and name.
func (w *World) hexID(name string) string {
	r := rand.New(rand.NewPCG(w.Seed, hash(name)))
	return fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text) // a hash takes everything
	return h.Sum64()
}
