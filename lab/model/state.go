package model

import (
	"slices"
	"strings"
	"time"
)

// State is what the lab tells of its service: what a rehearsal's conditions
// read, as lab.app.memory_percent, and what `lab state` prints.
type State struct {
	App          AppState         `yaml:"app" doc:"The app's container and process."`
	HTTP         HTTPState        `yaml:"http" doc:"How the app's users are answered."`
	Cache        CacheState       `yaml:"cache" doc:"The app's own cache and the shared one."`
	Pool         PoolState        `yaml:"pool" doc:"The app's pool of connections to the database."`
	Redis        RedisState       `yaml:"redis" doc:"The Redis server."`
	Mongo        MongoState       `yaml:"mongo" doc:"The MongoDB server."`
	Queue        QueueState       `yaml:"queue" doc:"The tasks and their workers."`
	Disk         DiskState        `yaml:"disk" doc:"The host's disk."`
	Containers   []ContainerState `yaml:"containers" doc:"The containers, by name."`
	Address      AddressState     `yaml:"address" doc:"Where the targets listen, as URLs."`
	Faults       []string         `yaml:"faults" doc:"The faults that last: what was injected is still wrong."`
	Ended        []string         `yaml:"ended" doc:"The faults that were injected and last no longer, as a remedy or the kernel ended them."`
	Kills        []KillState      `yaml:"kills" doc:"The last processes that the kernel killed for memory, the newest last."`
	Alerts       []string         `yaml:"alerts" doc:"The alerts that fire now, by name."`
	Calls        int              `yaml:"calls" doc:"Requests that the targets were asked for since the start."`
	Mutations    int              `yaml:"mutations" doc:"Those of them that change something."`
	Now          time.Time        `yaml:"now" doc:"The lab's time."`
	AgeSeconds   float64          `yaml:"age_seconds" doc:"Seconds of the lab's time since its start."`
	InjectedTime *time.Time       `yaml:"injected_at" doc:"When the first fault was injected; nil without one."`
}

// Lasts reports whether a fault is still there: by its name, or with the target as
// "target-gone on docker".
func (s State) Lasts(fault string) bool {
	return slices.ContainsFunc(s.Faults, func(f string) bool { return f == fault || strings.HasPrefix(f, fault+" on ") })
}

// AppState is the app's container and process.
type AppState struct {
	Running       bool    `yaml:"running" doc:"Whether the container runs."`
	Healthy       bool    `yaml:"healthy" doc:"Whether its health check passes."`
	Answers       bool    `yaml:"answers" doc:"Whether the process answers requests."`
	MemoryBytes   int     `yaml:"memory_bytes" doc:"Memory in use."`
	LimitBytes    int     `yaml:"memory_limit_bytes" doc:"The limit of memory; 0 for none."`
	MemoryPercent float64 `yaml:"memory_percent" doc:"Memory in per cent of the limit; 0 without one."`
	CPUPercent    float64 `yaml:"cpu_percent" doc:"Use of processors over the last second; 100 is one."`
	CPULimit      float64 `yaml:"cpu_limit" doc:"Processors it may use; 0 for no limit."`
	Throttled     bool    `yaml:"throttled" doc:"Whether it wants more processors than it may use."`
	Restarts      int     `yaml:"restarts" doc:"Restarts by the engine since the container was made."`
	UptimeSeconds float64 `yaml:"uptime_seconds" doc:"Seconds since the process started; 0 while it does not run."`
	Image         string  `yaml:"image" doc:"Its image, as mltb/app:1.4.2."`
}

// HTTPState is how the app's users are answered.
type HTTPState struct {
	Availability float64 `yaml:"availability" doc:"Share of the requests of the last minute answered without an error, 0 to 1."`
	ErrorRate    float64 `yaml:"error_rate" doc:"Share of the requests of the last second that failed, 0 to 1."`
	LatencyMS    float64 `yaml:"latency_ms" doc:"Mean time of a request of the last second, in milliseconds."`
	PerSecond    float64 `yaml:"requests_per_second" doc:"Requests in a second."`
}

// CacheState is the app's own cache and the shared one.
type CacheState struct {
	SizeBytes        int     `yaml:"size_bytes" doc:"Size of the app's own cache."`
	HitRatePercent   float64 `yaml:"hit_rate_percent" doc:"Look-ups that the caches answer, in per cent."`
	EvictedPerSecond float64 `yaml:"evictions_per_second" doc:"Keys that Redis evicts in a second."`
}

// PoolState is the app's pool of connections.
type PoolState struct {
	Active     float64 `yaml:"active" doc:"Connections in use."`
	Max        float64 `yaml:"max" doc:"Connections that may be in use."`
	UsePercent float64 `yaml:"use_percent" doc:"Connections in use in per cent."`
	WaitMS     float64 `yaml:"wait_ms" doc:"Mean wait for a connection, in milliseconds."`
}

// RedisState is the Redis server.
type RedisState struct {
	Running       bool    `yaml:"running" doc:"Whether the server runs and answers."`
	MemoryBytes   int     `yaml:"memory_bytes" doc:"Memory in use."`
	MaxBytes      int     `yaml:"maxmemory_bytes" doc:"Its limit; 0 for none."`
	Policy        string  `yaml:"maxmemory_policy" doc:"What is evicted at the limit."`
	Entries       int     `yaml:"entries" doc:"Entries of the shared cache."`
	UptimeSeconds float64 `yaml:"uptime_seconds" doc:"Seconds since its start; 0 while it does not run."`
}

// MongoState is the MongoDB server.
type MongoState struct {
	Running        bool     `yaml:"running" doc:"Whether the server runs and answers."`
	QueryMS        float64  `yaml:"query_ms" doc:"Mean time of the app's queries of the last second, in milliseconds."`
	Users          int      `yaml:"users" doc:"Documents in users."`
	Downloads      int      `yaml:"downloads" doc:"Documents in downloads."`
	Tasks          int      `yaml:"tasks" doc:"Documents in tasks."`
	MissingIndexes []string `yaml:"missing_indexes" doc:"Indexes that the service needs and does not have, as downloads.link_hash_1."`
	LongOperations int      `yaml:"long_operations" doc:"Operations that have been running for long."`
	Accounts       []string `yaml:"accounts" doc:"Users of the database server."`
	UptimeSeconds  float64  `yaml:"uptime_seconds" doc:"Seconds since its start; 0 while it does not run."`
}

// QueueState is the tasks and their workers.
type QueueState struct {
	Depth      int  `yaml:"depth" doc:"Tasks that wait."`
	Processing int  `yaml:"processing" doc:"Tasks that are processed."`
	Stuck      int  `yaml:"stuck" doc:"Tasks in processing without progress for over 30 minutes."`
	Done       int  `yaml:"done" doc:"Tasks that were finished since the start."`
	Workers    int  `yaml:"workers" doc:"Workers that run."`
	Aria2      bool `yaml:"aria2" doc:"Whether aria2 moves what it is given."`
	QBit       bool `yaml:"qbittorrent" doc:"Whether qBittorrent moves what it is given."`
}

// DiskState is the host's disk.
type DiskState struct {
	UsedPercent float64 `yaml:"used_percent" doc:"Use in per cent."`
	FreeBytes   int     `yaml:"free_bytes" doc:"Bytes that are free."`
	UnusedBytes int     `yaml:"reclaimable_bytes" doc:"Bytes of images that nothing uses."`
}

// AddressState is where targets listen.
type AddressState struct {
	HTTP         string `yaml:"http" doc:"The app's HTTP API."`
	Metrics      string `yaml:"metrics" doc:"The app's metrics."`
	Aria2        string `yaml:"aria2" doc:"aria2."`
	QBittorrent  string `yaml:"qbittorrent" doc:"qBittorrent."`
	Prometheus   string `yaml:"prometheus" doc:"Prometheus."`
	Alertmanager string `yaml:"alertmanager" doc:"Alertmanager."`
	Host         string `yaml:"host" doc:"The node_exporter."`
}

// ContainerState is one container.
type ContainerState struct {
	Name     string  `yaml:"name" doc:"Its name."`
	Service  string  `yaml:"service" doc:"Its service of Compose."`
	State    string  `yaml:"state" doc:"created, running, paused or exited."`
	Health   string  `yaml:"health" doc:"starting, healthy or unhealthy; empty without a check."`
	MemoryMB float64 `yaml:"memory_mib" doc:"Memory in use, MiB."`
	Restarts int     `yaml:"restarts" doc:"Restarts by the engine."`
}

// KillState is a process that the kernel killed as no memory was left.
type KillState struct {
	At          time.Time `yaml:"at" doc:"When, by the lab's clock."`
	Container   string    `yaml:"container" doc:"Whose process it was."`
	MemoryBytes int       `yaml:"memory_bytes" doc:"Memory that it had."`
}

// State tells of the world; alerts and calls are the lab's to add.
func (w *World) State() State {
	s := State{
		Cache: CacheState{SizeBytes: int(w.App.Cache.SizeBytes), HitRatePercent: 100 * w.HitRate(), EvictedPerSecond: w.Redis.EvictRate},
		HTTP:  HTTPState{Availability: w.Traffic.Availability(), ErrorRate: w.Traffic.failing, LatencyMS: w.Traffic.LatencyMS, PerSecond: w.Traffic.Rate},
		Pool:  PoolState{Active: w.App.Pool.Active, Max: w.App.Pool.Max, UsePercent: 100 * w.App.Pool.Active / w.App.Pool.Max, WaitMS: w.App.Pool.WaitMS},
		Redis: RedisState{
			Running: w.Redis.Up, MemoryBytes: int(w.Redis.UsedBytes), MaxBytes: int(w.Redis.MaxBytes), Policy: w.Redis.Policy,
			Entries: int(w.Redis.Entries), UptimeSeconds: uptime(w.Now, w.Redis.Started, w.Redis.Up),
		},
		Queue: QueueState{
			Depth: w.Downloads.Queued, Processing: w.Downloads.Processing, Stuck: w.Stuck(), Done: int(w.Downloads.Done), Workers: w.Downloads.Workers,
			Aria2: w.moves("aria2"), QBit: w.moves("qbittorrent"),
		},
		Disk: DiskState{UsedPercent: w.Disk.UsedPercent(), FreeBytes: int(w.Disk.TotalBytes - w.Disk.UsedBytes), UnusedBytes: int(w.Disk.Unused)},
		Now:  w.Now, Kills: append([]KillState{}, w.kills...), Alerts: []string{}, Containers: []ContainerState{},
	}
	s.Faults, s.Ended = w.Injected()
	s.App, s.Mongo = w.appState(), w.mongoState()
	for _, c := range w.Containers {
		health := ""
		if c.Health != nil && c.Running() {
			health = c.Health.Status
		}
		s.Containers = append(s.Containers, ContainerState{c.Name, c.Service, string(c.State), health, c.Memory / MiB, c.Restarts})
	}
	if len(w.faults) > 0 {
		at := w.faults[0].since
		s.InjectedTime = &at
	}
	return s
}

func (w *World) appState() AppState {
	c := w.Container("app")
	if c == nil {
		return AppState{}
	}
	return AppState{
		Running: c.Running(), Healthy: c.Running() && (c.Health == nil || c.Health.Status == "healthy"), Answers: w.App.Up,
		MemoryBytes: int(c.Memory), LimitBytes: int(c.MemoryLimit), MemoryPercent: c.MemoryPercent(), CPUPercent: 100 * c.CPU, CPULimit: c.CPULimit,
		Throttled: c.Throttled > 0, Restarts: c.Restarts, UptimeSeconds: uptime(w.Now, c.Started, c.Running()), Image: c.Image.Tags[0],
	}
}

func (w *World) mongoState() MongoState {
	s := MongoState{
		Running: w.Mongo.Up, QueryMS: w.Mongo.latencyMS, MissingIndexes: w.MissingIndexes(), LongOperations: len(w.Mongo.Operations),
		UptimeSeconds: uptime(w.Now, w.Mongo.Started, w.Mongo.Up), Accounts: []string{},
	}
	if s.MissingIndexes == nil {
		s.MissingIndexes = []string{}
	}
	for name, to := range map[string]*int{"users": &s.Users, "downloads": &s.Downloads, "tasks": &s.Tasks} {
		if c, ok := w.Database().Lookup(name); ok {
			*to = c.Len()
		}
	}
	for _, u := range w.Mongo.Users {
		s.Accounts = append(s.Accounts, u.Name)
	}
	return s
}

func uptime(now, started time.Time, up bool) float64 {
	if !up {
		return 0
	}
	return now.Sub(started).Seconds()
}
