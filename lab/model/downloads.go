package model

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
)

// Downloads is what the workers do with the tasks in the database.
type Downloads struct {
	Workers    int // that run
	Clients    []Client
	Queued     int
	Processing int
	Done       float64 // since the start
	Rate       float64 // tasks that arrive in a second

	open    map[string]*task // by gid
	order   []string         // of the gids, as they came
	seen    uint64           // version of the collection that open was read from
	arrived float64
	number  int
	refuse  bool // who resets a task that nobody works on is told that it cannot be
}

// Client is a download client.
type Client struct {
	Name string // service; aria2
	Up   bool   // its container runs
	Hung bool   // it answers its API and moves nothing, until its process ends
}

// task is a task that is not done.
type task struct {
	gid, client, status string
	progress            float64
	updated             time.Time
	lost                bool // no client knows it any more
	held                bool // its client was told to pause it
}

var clientNames = [...]string{"aria2", "qbittorrent"}

// perWorker is how many tasks a worker has at once; taskTime is how long one takes.
const (
	perWorker = 4
	taskTime  = 60 * time.Second
	stuckFor  = 30 * time.Minute
)

func newDownloads(w *World) Downloads {
	d := Downloads{Workers: 2, Rate: 0.06, number: doneCount, open: map[string]*task{}}
	for _, name := range clientNames {
		d.Clients = append(d.Clients, Client{Name: name, Up: true})
	}
	return d
}

func (w *World) client(name string) *Client {
	for i := range w.Downloads.Clients {
		if w.Downloads.Clients[i].Name == name {
			return &w.Downloads.Clients[i]
		}
	}
	return nil
}

// Stuck is how many tasks have been in processing for over half an hour without
// progress.
func (w *World) Stuck() int {
	n := 0
	for _, t := range w.Downloads.open {
		if t.status == "processing" && w.Now.Sub(t.updated) > stuckFor {
			n++
		}
	}
	return n
}

// ResetTask puts a task back into the queue, and takes it from its client. It
// says whether it did: there is none of that gid, or its client does not let go.
func (w *World) ResetTask(gid string) bool {
	w.readTasks()
	t := w.Downloads.open[gid]
	if t == nil || t.lost && w.Downloads.refuse || w.client(t.client).hangs() {
		return false
	}
	t.status, t.progress, t.lost, t.held = "queued", 0, false, false
	w.writeTask(t)
	return true
}

// stepDownloads lets tasks arrive, start, go on and end.
func (w *World) stepDownloads() {
	d := &w.Downloads
	if !w.Mongo.Up {
		return
	}
	w.readTasks()
	if w.App.Up {
		for d.arrived += d.Rate; d.arrived >= 1; d.arrived-- {
			w.arrive()
		}
	}
	d.Queued, d.Processing = 0, 0
	moving := 0
	for _, gid := range d.order {
		if t := d.open[gid]; t != nil && t.status == "processing" {
			d.Processing++
			if !t.lost {
				moving++
			}
		}
	}
	room := d.Workers*perWorker - moving
	for _, gid := range append([]string(nil), d.order...) {
		t := d.open[gid]
		switch {
		case t == nil:
		case t.status == "queued" && room > 0 && w.Redis.Up && w.moves(t.client):
			room--
			t.status, t.progress = "processing", 0
			w.writeTask(t)
		case t.status == "queued":
			d.Queued++
		case t.status == "processing":
			w.proceed(t)
		}
	}
}

func (c *Client) hangs() bool { return c != nil && c.Hung }

// resume is what a client does when it starts: it goes on with what it had.
func (w *World) resume(client string) {
	for _, t := range w.Downloads.open {
		if t.client == client && !w.Downloads.refuse {
			t.lost = false
		}
	}
}

// moves says whether a client moves what it is given.
func (w *World) moves(name string) bool {
	c := w.client(name)
	return c != nil && c.Up && !c.Hung
}

func (w *World) arrive() {
	d := &w.Downloads
	doc := w.newTask(d.number, "queued", clientNames[d.number%2], bson.NewDateTimeFromTime(w.Now))
	d.number++
	tasks := w.Database().Collection("tasks")
	if tasks.Insert(doc) == nil {
		d.seen = 0 // read anew
		w.Mongo.Inserted++
	}
}

// proceed lets a task that is being processed go on.
func (w *World) proceed(t *task) {
	d := &w.Downloads
	if t.lost || t.held || !w.moves(t.client) || d.Workers == 0 {
		return
	}
	t.progress += w.around(100*step.Seconds()/taskTime.Seconds(), 0.2)
	if t.progress >= 100 {
		t.status, t.progress = "completed", 100
		d.Done++
		w.writeTask(t)
		return
	}
	if w.Now.Sub(t.updated) >= 10*time.Second {
		w.writeTask(t)
	}
}

// writeTask writes what is known of a task into its document.
func (w *World) writeTask(t *task) {
	d := &w.Downloads
	tasks := w.Database().Collection("tasks")
	fresh := d.seen == tasks.Version()
	t.updated = w.Now
	_, err := tasks.Update(document.Update{
		Filter: bson.D{{Key: "gid", Value: t.gid}},
		Change: bson.D{{Key: "$set", Value: bson.D{
			{Key: "status", Value: t.status}, {Key: "progress", Value: int32(t.progress)}, {Key: "updated_at", Value: bson.NewDateTimeFromTime(w.Now)},
		}}},
	})
	w.Mongo.Updated++
	if t.status == "completed" {
		delete(d.open, t.gid)
	}
	if fresh && err == nil {
		d.seen = tasks.Version()
	}
}

// readTasks reads the tasks that are not done, where somebody else changed them.
func (w *World) readTasks() {
	d := &w.Downloads
	tasks := w.Database().Collection("tasks")
	if d.seen == tasks.Version() {
		return
	}
	found, err := tasks.Find(document.Query{
		Filter: bson.D{{Key: "status", Value: bson.D{{Key: "$in", Value: bson.A{"queued", "processing"}}}}},
		Sort:   bson.D{{Key: "created_at", Value: int32(1)}},
	})
	if err != nil {
		return
	}
	d.seen = tasks.Version()
	was := d.open
	d.open, d.order = map[string]*task{}, d.order[:0]
	for _, doc := range found.Documents {
		t := readTask(doc)
		if old := was[t.gid]; old != nil {
			t.lost, t.held = old.lost && t.status == old.status, old.held && t.status == old.status
			if t.status == old.status {
				t.progress = old.progress
			}
		}
		d.open[t.gid] = t
		d.order = append(d.order, t.gid)
	}
}

func readTask(doc bson.D) *task {
	t := &task{}
	for _, e := range doc {
		switch v := e.Value.(type) {
		case string:
			switch e.Key {
			case "gid":
				t.gid = v
			case "client":
				t.client = v
			case "status":
				t.status = v
			}
		case int32:
			if e.Key == "progress" {
				t.progress = float64(v)
			}
		case bson.DateTime:
			if e.Key == "updated_at" {
				t.updated = v.Time()
			}
		}
	}
	return t
}
