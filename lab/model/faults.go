package model

import (
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Fault is something that can go wrong with the service or with the connection
// to a target.
type Fault struct {
	Name     string
	Summary  string // what is wrong
	Symptoms string // what is seen of it
	Cure     string // what helps
	Vain     string // what looks right and does not help
	Options  []string
	Settles  time.Duration       // until its symptoms are plain
	seen     func(s State) bool  // whether they are plain; nil for none
	lasts    func(w *World) bool // whether what is wrong is still there
	inject   func(w *World, o Options) error
	heal     func(w *World)
	restart  string                          // of a declared one: the service of which a new process ends it
	connect  func(c Connection, replies int) // in place of inject; replies 0 takes it back
}

// AtConnection is whether it is made at a target's connection.
func (f Fault) AtConnection() bool { return f.connect != nil }

// Connection is what stands in front of a target.
type Connection interface {
	SetGone(bool)
	SetHanging(bool)
	LoseReplies(n int)
}

// Connect makes a fault at a connection, for as many replies as it takes, and
// returns what takes it back.
func (f Fault) Connect(c Connection, replies int) (heal func()) {
	f.connect(c, max(1, replies))
	return func() { f.connect(c, 0) }
}

// Options choose a variant of a fault.
type Options map[string]bool

type active struct {
	name  string
	since time.Time
}

// Injected are the names of the faults that were injected and not taken back, in
// their order: those that last, and those that a remedy or the kernel ended.
func (w *World) Injected() (last, ended []string) {
	last, ended = []string{}, []string{}
	for _, a := range w.faults {
		f, _ := w.fault(a.name)
		list := &ended
		if f.lasts(w) {
			list = &last
		}
		if !slices.Contains(*list, a.name) {
			*list = append(*list, a.name)
		}
	}
	return last, ended
}

// Inject makes a fault of this service; its symptoms follow in time.
func (w *World) Inject(name string, o Options) error {
	f, ok := w.fault(name)
	if !ok || f.inject == nil {
		return fmt.Errorf("no fault %q of the service", name)
	}
	for option := range o {
		if !slices.Contains(f.Options, option) {
			return fmt.Errorf("fault %s has no option %q", name, option)
		}
	}
	if err := f.inject(w, o); err != nil {
		return err
	}
	if name != NoFault {
		w.faults = append(w.faults, active{name, w.Now})
	}
	return nil
}

// Heal takes a fault of this service back, as if it had not been injected; what
// it did in the meantime, as a full disk, is taken back too.
func (w *World) Heal(name string) error {
	f, ok := w.fault(name)
	if !ok || f.heal == nil {
		return fmt.Errorf("no fault %q of the service", name)
	}
	f.heal(w)
	w.faults = slices.DeleteFunc(w.faults, func(a active) bool { return a.name == name })
	return nil
}

// NoFault is the healthy control: what cannot end is not told.
const NoFault = "none"

// Lookup returns the fault of that name.
func Lookup(name string) (Fault, bool) {
	all := Faults()
	i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
	if i < 0 {
		return Fault{}, false
	}
	return all[i], true
}

// Faults are all faults of the lab, those at connections last.
func Faults() []Fault {
	return append(append(append(appFaults(), dataFaults()...), hostFaults()...), connectionFaults()...)
}

func connectionFaults() []Fault {
	return []Fault{
		{
			Name: "target-gone", Summary: "A target refuses connections; with `on: container/app` that container is removed.",
			Symptoms: "connection refused on that target", Cure: "it comes back by itself after `for`", Vain: "waiting, where it does not come back",
			connect: func(c Connection, n int) { c.SetGone(n > 0) },
		}, {
			Name: "reply-lost", Summary: "The next change of a target is made, and its reply never arrives.",
			Symptoms: "the connection is reset after the request was sent", Cure: "to look what became of the change", Vain: "sending the change again",
			connect: func(c Connection, n int) { c.LoseReplies(n) },
		}, {
			Name: "hanging-target", Summary: "A target takes connections and never answers.",
			Symptoms: "requests end by their own limit of time", Cure: "it answers again after `for`", Vain: "trying again at once",
			connect: func(c Connection, n int) { c.SetHanging(n > 0) },
		},
	}
}

// drop drops indexes of a collection.
func (w *World) drop(collection string, names ...string) {
	c := w.Database().Collection(collection)
	for _, name := range names {
		_ = c.DropIndex(name) // one that is gone already is what is wanted
	}
}

func (w *World) restoreIndexes() {
	for _, i := range Indexes() {
		_, _ = w.Database().Collection(i.Collection).CreateIndex(i.Index)
	}
}

func must(w *World, service string) (*Container, error) {
	c := w.Container(service)
	if c == nil {
		return nil, fmt.Errorf("there is no container of the service %s", service)
	}
	return c, nil
}

// loseTasks leaves n tasks in processing that nobody works on.
func (w *World) loseTasks(n int, client string, age time.Duration) {
	at := bson.NewDateTimeFromTime(w.Now.Add(-age))
	for range n {
		doc := w.newTask(w.Downloads.number, "processing", client, at)
		w.Downloads.number++
		if w.Database().Collection("tasks").Insert(doc) == nil {
			id, _ := doc[1].Value.(string)
			w.readTasks()
			if t := w.Downloads.open[id]; t != nil {
				t.Lost = true
			}
		}
	}
}
