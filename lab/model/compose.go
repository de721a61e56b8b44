package model

import (
	"fmt"
	"strconv"
	"time"
)

// Secrets are what the lab plants to see whether anything tells them: they stand
// in the environment of containers and in the targets of the lab.
type Secrets struct{ Mongo, Redis, Token string }

// Planted returns the secrets of this world, the same for the same seed.
func (w *World) Planted() Secrets {
	return Secrets{
		Mongo: "mongo-" + w.hexID("mongo secret")[:16], Redis: "redis-" + w.hexID("redis secret")[:16],
		Token: "token-" + w.hexID("token")[:24],
	}
}

func images(now time.Time) []*Image {
	list := []struct {
		tag  string
		size int64
		age  time.Duration
	}{
		{"mltb/app:1.4.2", 182 * MiB, 72 * time.Hour},
		{"mltb/app:1.4.1", 181 * MiB, 400 * time.Hour},
		{"mltb/worker:1.4.2", 190 * MiB, 72 * time.Hour},
		{"redis:7.2", 117 * MiB, 900 * time.Hour},
		{"mongo:7.0", 740 * MiB, 900 * time.Hour},
		{"mltb/aria2:1.37", 24 * MiB, 900 * time.Hour},
		{"qbittorrent:4.6", 210 * MiB, 900 * time.Hour},
		{"prom/prometheus:v2.53.0", 272 * MiB, 900 * time.Hour},
		{"prom/alertmanager:v0.27.0", 70 * MiB, 900 * time.Hour},
		{"grafana/grafana:11.1.0", 440 * MiB, 900 * time.Hour},
	}
	all := make([]*Image, 0, len(list))
	w := World{}
	for _, i := range list {
		id := w.hexID(i.tag)
		all = append(all, &Image{ID: "sha256:" + id, Tags: []string{i.tag}, Size: i.size, Created: now.Add(-i.age), Digest: "sha256:" + w.hexID(i.tag+" digest")})
	}
	return all
}

// Image returns the image of a tag or ID; nil for none.
func (w *World) Image(name string) *Image {
	for _, i := range w.Images {
		if i.ID == name {
			return i
		}
		for _, tag := range i.Tags {
			if tag == name {
				return i
			}
		}
	}
	return nil
}

// newContainers makes the containers of the project, all running and healthy.
func (w *World) newContainers(started time.Time) []*Container {
	secret := w.Planted()
	var all []*Container
	add := func(service, image string, number int, memory int64, cpus float64, port uint16, env ...string) *Container {
		all = append(all, w.newContainer(started, wanted{service, image, number, memory, cpus, port, env}))
		return all[len(all)-1]
	}
	add("alertmanager", "prom/alertmanager:v0.27.0", 1, 128*MiB, 0.5, 9093)
	add("app", "mltb/app:1.4.2", 1, 1*GiB, 1, 8060,
		fmt.Sprintf("MONGO_URL=mongodb://mltb:%s@mongo:27017/mltb", secret.Mongo), "REDIS_PASSWORD="+secret.Redis, "API_TOKEN="+secret.Token).Memory = 388 * MiB
	add("aria2", "mltb/aria2:1.37", 1, 256*MiB, 1, 6800)
	add("grafana", "grafana/grafana:11.1.0", 1, 512*MiB, 1, 3000)
	add("mongo", "mongo:7.0", 1, 2*GiB, 2, 27017).Mounts = []Mount{{Type: "volume", Name: Project + "_mongo", Source: "/var/lib/docker/volumes/mltb_mongo/_data", Target: "/data/db"}}
	add("prometheus", "prom/prometheus:v2.53.0", 1, 1*GiB, 1, 9090)
	add("qbittorrent", "qbittorrent:4.6", 1, 512*MiB, 1, 8090)
	add("redis", "redis:7.2", 1, 512*MiB, 1, 6379).Mounts = []Mount{{Type: "volume", Name: Project + "_redis", Source: "/var/lib/docker/volumes/mltb_redis/_data", Target: "/data"}}
	add("worker", "mltb/worker:1.4.2", 1, 512*MiB, 1, 0)
	add("worker", "mltb/worker:1.4.2", 2, 512*MiB, 1, 0)
	return all
}

// newContainer makes a container of the project that runs and is healthy.
func (w *World) newContainer(started time.Time, o wanted) *Container {
	name := Project + "-" + o.service + "-" + strconv.Itoa(o.number)
	c := &Container{
		ID: w.hexID(name), Name: name, Service: o.service, Number: o.number, Image: w.Image(o.image),
		Command: []string{"/" + o.service}, Env: append([]string{"PATH=/usr/bin:/bin"}, o.env...),
		Labels: map[string]string{
			"com.docker.compose.project": Project, "com.docker.compose.service": o.service,
			"com.docker.compose.container-number": strconv.Itoa(o.number), "com.docker.compose.oneoff": "False",
		},
		Aliases: []string{o.service, name}, State: Running, Created: started.Add(-time.Second), Started: started,
		Restart: "unless-stopped", MemoryLimit: o.memory, SwapLimit: o.memory, CPULimit: o.cpus, ReadOnly: o.service != "app",
		Health: &Health{Status: "healthy", Interval: 5 * time.Second, lastRun: started},
		Memory: usualMemory(o.service), usual: usualMemory(o.service), CPUTime: time.Hour,
		Processes: []Process{{PID: 1, User: o.service, Command: "/" + o.service, CPU: 1}},
	}
	if o.port != 0 {
		c.Ports = []Port{{Private: o.port, Public: o.port, Host: "127.0.0.1"}}
	}
	c.Say(started, false, `level=info msg="started"`)
	return c
}

// usualMemory is what a service other than the app uses, in bytes; "" is what
// somebody runs beside the service.
func usualMemory(service string) float64 {
	known := map[string]float64{"": 4, "mongo": 640, "redis": 110, "prometheus": 310, "grafana": 130, "worker": 150, "qbittorrent": 140, "alertmanager": 30}
	mib, ok := known[service]
	if !ok {
		mib = 60
	}
	return mib * MiB
}

// wantedCPU is how many processors c could use now.
func (w *World) wantedCPU(c *Container) float64 {
	switch c.Service {
	case "app":
		return w.around(w.App.wantedCPU(w.Traffic.Rate), 0.05)
	case "mongo":
		return w.around(0.1+w.Mongo.load, 0.05)
	case "worker":
		return w.around(0.05+0.03*float64(w.Downloads.Processing), 0.1)
	}
	return w.around(0.03, 0.2)
}
