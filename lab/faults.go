package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/lab/model"
)

// Fault is a fault to inject.
type Fault struct {
	Name    string          // memory-leak
	Options map[string]bool // of the fault, as returns: true
	On      string          // the target of a fault at connections; of target-gone also container/NAME, which is removed
	For     time.Duration   // until it is healed by itself; 0: never
	Times   int             // of reply-lost: how many replies; 0 is one
}

// String is how the fault is told: "target-gone on docker".
func (f Fault) String() string {
	if f.On != "" {
		return f.Name + " on " + f.On
	}
	return f.Name
}

// injected is a fault at a connection, while it lasts.
type injected struct {
	Fault
	heal  func()
	spent func() bool // whether it did all that it was to do
}

// Faults are all faults that there are.
func Faults() []model.Fault { return model.Faults() }

// Inject makes a fault. Its symptoms follow in the lab's time.
func (l *Lab) Inject(f Fault) error {
	known, ok := l.lookup(f.Name)
	if !ok {
		return fmt.Errorf("there is no fault %q; `runbook lab faults` lists them", f.Name)
	}
	if !known.AtConnection() {
		if f.On != "" {
			return fmt.Errorf("fault %s is one of the service: it takes no target", f.Name)
		}
		var err error
		l.model.Change(func(w *model.World) { err = w.Inject(f.Name, f.Options) })
		if err == nil && f.For > 0 {
			l.clock.After(f.For, func() { _ = l.Heal(f.Name) })
		}
		return err
	}
	heal, err := l.atConnection(known, f)
	if err != nil {
		return err
	}
	entry := &injected{Fault: f, heal: heal, spent: func() bool { return false }}
	if g := l.gates[f.On]; f.Name == "reply-lost" && g != nil {
		entry.spent = func() bool { return !g.LosesReplies() }
	}
	l.mu.Lock()
	l.faults = append(l.faults, entry)
	l.mu.Unlock()
	if f.For > 0 {
		l.clock.After(f.For, func() { l.end(entry) })
	}
	return nil
}

// lookup returns the fault of that name, declared or of every lab.
func (l *Lab) lookup(name string) (model.Fault, bool) {
	if i := slices.IndexFunc(l.declared, func(f model.Fault) bool { return f.Name == name }); i >= 0 {
		return l.declared[i], true
	}
	return model.Lookup(name)
}

// Lasts reports whether a fault is still there: by its name, or with the target as
// "target-gone on docker".
func (l *Lab) Lasts(fault string) bool { return l.State().Lasts(fault) }

// Declares reports whether a service of Compose is none of the lab's own.
func (l *Lab) Declares(service string) (declared bool) {
	l.model.Look(func(w *model.World) { declared = w.Declares(service) })
	return declared
}

// atConnection makes a fault at a target's connections and returns what takes it
// back.
func (l *Lab) atConnection(known model.Fault, f Fault) (heal func(), err error) {
	if service, ok := strings.CutPrefix(f.On, "container/"); ok && f.Name == "target-gone" {
		return l.remove(service)
	}
	g := l.gates[f.On]
	if g == nil {
		return nil, fmt.Errorf("fault %s needs a target in `on`: one of %s", f.Name, strings.Join(Targets(), ", "))
	}
	return known.Connect(g, f.Times), nil
}

// remove removes the containers of a service; what heals it makes them anew.
func (l *Lab) remove(service string) (heal func(), err error) {
	var gone []*model.Container
	l.model.Change(func(w *model.World) {
		gone = w.Service(service)
		for _, c := range gone {
			w.Remove(c)
		}
	})
	if len(gone) == 0 {
		return nil, fmt.Errorf("there is no container of the service %s", service)
	}
	return func() {
		l.model.Change(func(w *model.World) {
			for _, c := range gone {
				w.Restore(c)
			}
		})
	}, nil
}

// Heal takes a fault back: by its name, or with the target as "target-gone on
// docker". What it did in the meantime is taken back too.
func (l *Lab) Heal(name string) error {
	l.mu.Lock()
	var entry *injected
	if i := slices.IndexFunc(l.faults, func(f *injected) bool { return f.Name == name || f.String() == name }); i >= 0 {
		entry = l.faults[i]
	}
	l.mu.Unlock()
	if entry != nil {
		l.end(entry)
		return nil
	}
	var err error
	l.model.Change(func(w *model.World) { err = w.Heal(name) })
	return err
}

func (l *Lab) end(entry *injected) {
	l.mu.Lock()
	i := slices.Index(l.faults, entry)
	if i >= 0 {
		l.faults = slices.Delete(l.faults, i, i+1)
	}
	l.mu.Unlock()
	if i >= 0 {
		entry.heal()
	}
}
