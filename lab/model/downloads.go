package model

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
)

// Downloads is what the workers do with the tasks in the database.
type Downloads struct {
	Workers    int // that run
	Clients    []Client
	Queued     int
	Processing int
	Done       float64 // since the start
	Rate       float64 // tasks that arrive in a second

	open    map[string]*Task // by gid
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

// Task is a task that is not done, as its download client or the queue shows it.
type Task struct {
	GID      string
	Client   string  // aria2 or qbittorrent
	Status   string  // queued or processing
	Progress float64 // per cent
	Updated  time.Time
	Lost     bool // its client does not know it any more
	Held     bool // its client was told to pause it
	Moving   bool // its client moves it now
}

var clientNames = [...]string{"aria2", "qbittorrent"}

// perWorker is how many tasks a worker has at once; taskTime is how long one takes.
const (
	perWorker = 4
	taskTime  = 60 * time.Second
	stuckFor  = 30 * time.Minute
)

func newDownloads(w *World) Downloads {
	d := Downloads{Workers: 2, Rate: 0.06, number: doneCount, open: map[string]*Task{}}
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
		if t.Status == "processing" && w.Now.Sub(t.Updated) > stuckFor {
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
	if t == nil || t.Lost && w.Downloads.refuse || w.client(t.Client).hangs() {
		return false
	}
	t.Status, t.Progress, t.Lost, t.Held = "queued", 0, false, false
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
		if t := d.open[gid]; t != nil && t.Status == "processing" {
			d.Processing++
			if !t.Lost {
				moving++
			}
		}
	}
	room := d.Workers*perWorker - moving
	for _, gid := range append([]string(nil), d.order...) {
		t := d.open[gid]
		switch {
		case t == nil:
		case t.Status == "queued" && room > 0 && w.Redis.Up && w.moves(t.Client):
			room--
			t.Status, t.Progress = "processing", 0
			w.writeTask(t)
		case t.Status == "queued":
			d.Queued++
		case t.Status == "processing":
			w.proceed(t)
		}
	}
}

// outruns reports whether tasks arrive faster than the workers finish them.
func (d *Downloads) outruns() bool {
	return d.Rate*taskTime.Seconds() > float64(d.Workers*perWorker)
}

// losesTasks reports whether tasks are in processing and nobody works on them.
func (w *World) losesTasks() bool {
	for _, t := range w.Downloads.open {
		if t.Lost {
			return true
		}
	}
	return false
}

func (c *Client) hangs() bool { return c != nil && c.Hung }

// resume is what a client does when it starts: it goes on with what it had.
func (w *World) resume(client string) {
	for _, t := range w.Downloads.open {
		if t.Client == client && !w.Downloads.refuse {
			t.Lost = false
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
func (w *World) proceed(t *Task) {
	d := &w.Downloads
	if !w.moving(t) {
		return
	}
	t.Progress += w.around(100*step.Seconds()/taskTime.Seconds(), 0.2)
	if t.Progress >= 100 {
		t.Status, t.Progress = "completed", 100
		d.Done++
		w.writeTask(t)
		return
	}
	if w.Now.Sub(t.Updated) >= 10*time.Second {
		w.writeTask(t)
	}
}

// writeTask writes what is known of a task into its document.
func (w *World) writeTask(t *Task) {
	d := &w.Downloads
	tasks := w.Database().Collection("tasks")
	fresh := d.seen == tasks.Version()
	t.Updated = w.Now
	_, err := tasks.Update(document.Update{
		Filter: bson.D{{Key: "gid", Value: t.GID}},
		Change: bson.D{{Key: "$set", Value: bson.D{
			{Key: "status", Value: t.Status}, {Key: "progress", Value: int32(t.Progress)}, {Key: "updated_at", Value: bson.NewDateTimeFromTime(w.Now)},
		}}},
	})
	w.Mongo.Updated++
	if t.Status == "completed" {
		delete(d.open, t.GID)
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
	d.open, d.order = map[string]*Task{}, d.order[:0]
	for _, doc := range found.Documents {
		t := readTask(doc)
		if old := was[t.GID]; old != nil {
			t.Lost, t.Held = old.Lost && t.Status == old.Status, old.Held && t.Status == old.Status
			if t.Status == old.Status {
				t.Progress = old.Progress
			}
		}
		d.open[t.GID] = t
		d.order = append(d.order, t.GID)
	}
}

func readTask(doc bson.D) *Task {
	field := func(name string) any { v, _ := value.Field(doc, name); return v }
	t := &Task{}
	t.GID, _ = field("gid").(string)
	t.Client, _ = field("client").(string)
	t.Status, _ = field("status").(string)
	progress, _ := field("progress").(int32)
	updated, _ := field("updated_at").(bson.DateTime)
	t.Progress, t.Updated = float64(progress), updated.Time()
	return t
}
