package model

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// stopped ends the containers of a service, with their last words.
func stopped(service string, exit int, last string) func(*World, Options) error {
	return func(w *World, _ Options) error {
		for _, c := range w.Service(service) {
			c.Say(w.Now, true, last)
			w.Stop(c, exit)
		}
		_, err := must(w, service)
		return err
	}
}

// started starts the containers of a service.
func started(service string) func(*World) {
	return func(w *World) {
		for _, c := range w.Service(service) {
			w.Start(c)
		}
	}
}

// dataFaults are those of the databases, the queue and what is in them.
func dataFaults() []Fault {
	return append([]Fault{
		{
			Name: "redis-down", Summary: "The Redis server has ended.", Settles: 90 * time.Second, inject: stopped("redis", 1, "# Fatal error loading the DB: bad file format. Exiting."), heal: started("redis"),
			lasts:    func(w *World) bool { return !w.Redis.Up },
			seen:     func(s State) bool { return !s.Redis.Running && s.Cache.HitRatePercent < 20 },
			Symptoms: "Redis refuses connections, the cache answers little, latency rises, some requests fail, the queue stands still", Cure: "starting its container", Vain: "restarting the app, clearing its cache",
		}, {
			Name: "mongo-down", Summary: "The MongoDB server has ended.", Settles: 90 * time.Second, inject: stopped("mongo", 14, `{"s":"F","c":"CONTROL","msg":"Fatal assertion"}`), heal: started("mongo"),
			lasts:    func(w *World) bool { return !w.Mongo.Up },
			seen:     func(s State) bool { return !s.Mongo.Running && s.HTTP.Availability < 0.1 },
			Symptoms: "MongoDB refuses connections, nearly all requests fail, the app is unhealthy", Cure: "starting its container", Vain: "restarting the app",
		}, {
			Name: "slow-queries", Summary: "A report scans a collection over and over and slows every query down.", Settles: 3 * time.Minute,
			Symptoms: "queries take hundreds of milliseconds, an operation runs for minutes, all indexes are there", Cure: "killing the operation", Vain: "indexes, restarting the app",
			seen: func(s State) bool {
				return s.Mongo.QueryMS > 80 && len(s.Mongo.MissingIndexes) == 0 && s.Mongo.LongOperations == 1
			},
			lasts: func(w *World) bool { return len(w.Mongo.Operations) > 0 },
			inject: func(w *World, _ Options) error {
				w.Mongo.nextOp += 17
				w.Mongo.Operations = append(w.Mongo.Operations, &Operation{
					ID: w.Mongo.nextOp, Kind: "command", Namespace: Project + ".downloads", Plan: "COLLSCAN", Client: "10.0.0.9:40122", Started: w.Now,
					Command: bson.D{{Key: "aggregate", Value: "downloads"}, {Key: "pipeline", Value: bson.A{bson.D{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$user_id"}}}}}}},
				})
				return nil
			},
			heal: func(w *World) { w.Mongo.Operations = nil },
		}, {
			Name: "missing-index", Summary: "The indexes of downloads by user and by link are gone.", Settles: 5 * time.Minute,
			Symptoms: "queries examine every document and take hundreds of milliseconds", Cure: "making the indexes", Vain: "restarts, killing operations",
			seen:  func(s State) bool { return s.Mongo.QueryMS > 100 && len(s.Mongo.MissingIndexes) == 4 },
			lasts: func(w *World) bool { return len(w.MissingIndexes()) > 0 },
			inject: func(w *World, _ Options) error {
				w.drop("downloads", "user_id_1_status_1", "user_id_1_status_1_created_at_-1", "created_at_-1", "link_hash_1")
				return nil
			},
			heal: (*World).restoreIndexes,
		}, {
			Name: "cache-churn", Summary: "The limit of Redis' memory is far below what the cache needs.", Settles: 5 * time.Minute,
			Symptoms: "the hit rate falls, keys are evicted all the time, the database is asked more", Cure: "a higher maxmemory", Vain: "flushing the cache, restarting Redis",
			seen:  func(s State) bool { return s.Cache.HitRatePercent < 50 && s.Cache.EvictedPerSecond > 10 },
			lasts: func(w *World) bool { return w.Redis.MaxBytes > 0 && w.Redis.MaxBytes < redisUsual },
			inject: func(w *World, _ Options) error {
				w.Redis.MaxBytes = 24 * MiB
				w.Redis.UsedBytes = min(w.Redis.UsedBytes, w.Redis.MaxBytes)
				return nil
			},
			heal: func(w *World) { w.Redis.MaxBytes = 256 * MiB },
		}, {
			Name: "data-loss", Summary: "Three quarters of the downloads were deleted.", Settles: time.Minute,
			Symptoms: "fewer documents than yesterday, users miss downloads", Cure: "restoring a backup", Vain: "restarts",
			seen:  func(s State) bool { return s.Mongo.Downloads < 1500 },
			lasts: func(w *World) bool { return w.Database().Collection("downloads").Len() < downloadCount*3/4 },
			inject: func(w *World, _ Options) error {
				c := w.Database().Collection("downloads")
				_, _, err := c.Delete(bson.D{}, int64(c.Len()*3/4))
				return err
			},
			heal: func(w *World) {
				for i := range downloadCount {
					_ = w.Database().Collection("downloads").Insert(bson.D{ // one that is still there is what is wanted
						{Key: "_id", Value: documentID(2, i)}, {Key: "user_id", Value: int32(1000 + i%userCount)}, {Key: "status", Value: "completed"},
						{Key: "link_hash", Value: linkHash(i)}, {Key: "created_at", Value: bson.NewDateTimeFromTime(w.Now)},
					})
				}
			},
		},
	}, queueFaults()...)
}

// queueFaults are those of the workers and the download clients.
func queueFaults() []Fault {
	return []Fault{
		{
			Name: "stuck-downloads", Summary: "Downloads stay in processing and nobody works on them.", Options: []string{"hung", "lost"}, Settles: 40 * time.Minute,
			Symptoms: "tasks in processing for over half an hour without progress", Vain: "restarting the app",
			Cure:  "resetting them (with `hung: true` aria2 moves nothing until its process ends; with `lost: true` they can only be deleted)",
			seen:  func(s State) bool { return s.Queue.Stuck == 12 },
			lasts: func(w *World) bool { return w.client("aria2").hangs() || w.losesTasks() },
			inject: func(w *World, o Options) error {
				if o["hung"] {
					w.client("aria2").Hung = true
					for _, c := range w.Service("aria2") {
						c.Say(w.Now, true, "[ERROR] download stuck: no progress, timeout")
					}
				}
				n := 12
				w.loseTasks(n, "aria2", 5*time.Minute)
				if o["lost"] {
					w.Downloads.refuse = true
				}
				return nil
			},
			heal: func(w *World) {
				w.client("aria2").Hung, w.Downloads.refuse = false, false
				for _, t := range w.Downloads.open {
					t.Lost = false
				}
			},
		}, {
			Name: "worker-down", Summary: "All workers have ended.", Settles: 5 * time.Minute,
			Symptoms: "the queue grows, nothing is downloaded", Cure: "starting the workers", Vain: "resetting tasks",
			seen:   func(s State) bool { return s.Queue.Workers == 0 && s.Queue.Depth > 10 },
			lasts:  func(w *World) bool { return w.Downloads.Workers == 0 },
			inject: stopped("worker", 2, `level=fatal msg="panic: nil map"`), heal: started("worker"),
		}, {
			Name: "queue-backlog", Summary: "Downloads are asked for faster than the workers finish them.", Settles: 15 * time.Minute,
			Symptoms: "the queue grows while all workers are busy", Cure: "more workers", Vain: "restarting the workers",
			seen:   func(s State) bool { return s.Queue.Depth > 20 },
			lasts:  func(w *World) bool { return w.Downloads.outruns() },
			inject: func(w *World, _ Options) error { w.Downloads.Rate = 0.22; return nil },
			heal: func(w *World) {
				w.Downloads.Rate = 0.06
				_, _, _ = w.Database().Collection("tasks").Delete(bson.D{{Key: "status", Value: "queued"}}, 0)
			},
		},
	}
}

// hostFaults are those of the host and of security.
func hostFaults() []Fault {
	return []Fault{
		{
			Name: "disk-full", Summary: "A log and images that nothing uses fill the host's disk.", Settles: 2 * time.Minute,
			Symptoms: "the disk is used to 97 % and fills on, Redis cannot save", Cure: "removing what is not used", Vain: "restarts",
			seen:  func(s State) bool { return s.Disk.UsedPercent > 95 },
			lasts: func(w *World) bool { return w.Disk.UsedPercent() > 90 },
			inject: func(w *World, _ Options) error {
				w.Disk.Unused += 31 * GiB
				w.Disk.UsedBytes, w.Disk.LogRate = 0.97*w.Disk.TotalBytes, 1*MiB
				for n := range 6 {
					name := fmt.Sprint("dangling ", n)
					w.Images = append(w.Images, &Image{ID: "sha256:" + w.hexID(name), Size: 5 * GiB, Created: w.Now.Add(-time.Duration(n+1) * 24 * time.Hour)})
				}
				return nil
			},
			heal: func(w *World) { w.Disk = newDisk() },
		}, {
			Name: "intruder", Summary: "Somebody has got in: a user of the database and a process that nobody made.", Settles: time.Minute,
			Symptoms: "an unknown user with all rights, an unknown process in the app's container, traffic to an unknown address", Cure: "isolating, removing, rotating secrets", Vain: "restarts",
			seen: func(s State) bool { return len(s.Mongo.Accounts) > 3 },
			lasts: func(w *World) bool {
				return len(w.Mongo.Users) > 3 || w.anyApp(func(c *Container) bool { return len(c.Processes) > 1 })
			},
			inject: func(w *World, _ Options) error {
				w.Mongo.Users = append(w.Mongo.Users, User{Name: "support2", Database: "admin", Roles: []string{"root"}})
				if c := w.Container("app"); c != nil {
					c.Processes = append(c.Processes, Process{PID: 4711, User: "app", Command: "/tmp/.x/kworker --connect 203.0.113.9:443", CPU: 12})
					c.Say(w.Now, false, `level=info msg="login" user=admin remote=203.0.113.9`)
				}
				return nil
			},
			heal: func(w *World) {
				w.Mongo.Users = w.Mongo.Users[:3]
				if c := w.Container("app"); c != nil {
					c.Processes = c.Processes[:1]
				}
			},
		}, {
			Name: "insecure-container", Summary: "The app's container runs with all rights and is published to the world.",
			Symptoms: "privileged, writable root, port on 0.0.0.0, a secret in its environment", Cure: "making it anew with its limits", Vain: "restarts",
			seen:  func(s State) bool { return s.App.LimitBytes == 0 },
			lasts: func(w *World) bool { return w.anyApp(func(c *Container) bool { return c.Privileged }) },
			inject: func(w *World, _ Options) error {
				c, err := must(w, "app")
				if err != nil {
					return err
				}
				c.Privileged, c.HostPID, c.MemoryLimit, c.CPULimit, c.Health = true, true, 0, 0, nil
				c.Ports[0].Host = "0.0.0.0"
				return nil
			},
			heal: func(w *World) {
				if c := w.Container("app"); c != nil {
					c.Privileged, c.HostPID, c.MemoryLimit, c.CPULimit = false, false, 1*GiB, 1
					c.Health = &Health{Status: "healthy", Interval: 5 * time.Second, lastRun: w.Now}
					c.Ports[0].Host = "127.0.0.1"
				}
			},
		},
		{
			Name: NoFault, Summary: "Nothing is wrong: the healthy control.", Symptoms: "none", Cure: "none", Vain: "everything",
			lasts:  func(w *World) bool { return false },
			inject: func(*World, Options) error { return nil }, heal: func(*World) {},
		},
	}
}
