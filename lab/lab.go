package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/prometheus"
)

// Options choose how a lab starts.
type Options struct {
	Seed  uint64
	Clock *clock.Clock // of the lab alone; it is closed with it
	Rules []byte       // alerts, as a file of rules of Prometheus
	// Fixed puts the targets at the ports of the service, as 6379 for Redis;
	// without it they get free ones.
	Fixed bool
	// History is how long the lab has run when it starts: what Prometheus knows.
	History time.Duration
	// Declared is what the lab has beside its own service.
	Declared model.Declared
}

// Lab is a running lab. Its methods may be called from anywhere.
type Lab struct {
	clock    *clock.Clock
	model    *model.Model
	log      *gate.Log
	dir      string
	rules    []byte
	started  time.Time
	declared []model.Fault

	gates      map[string]*gate.Gate
	addresses  map[string]string
	prometheus *prometheus.Server
	closers    []func()

	mu      sync.Mutex
	faults  []*injected
	seconds []func(model.State)
	closed  bool
}

// Targets are the names of the targets, in the order of the environment.
func Targets() []string {
	var names []string
	for _, f := range faces() {
		names = append(names, f.name)
	}
	return names
}

// Start starts a lab with a healthy service. Close ends it.
func Start(o Options) (*Lab, error) {
	if o.Clock == nil {
		return nil, errors.New("a lab needs a clock")
	}
	dir, err := os.MkdirTemp("", "runbook-lab-")
	if err != nil {
		o.Clock.Close()
		return nil, fmt.Errorf("make a folder for the lab: %w", err)
	}
	l := &Lab{
		clock: o.Clock, log: &gate.Log{}, dir: dir, rules: o.Rules, started: o.Clock.Now(), declared: o.Declared.Faults,
		gates: map[string]*gate.Gate{}, addresses: map[string]string{},
	}
	l.model = model.New(o.Seed, l.clock.Now)
	l.model.Change(func(w *model.World) { w.Declare(o.Declared) })
	if err := l.serve(o.Fixed); err != nil {
		l.Close()
		return nil, err
	}
	l.clock.Advance(o.History)
	l.model.Watch(l.follow)
	l.second()
	return l, nil
}

// serve starts the faces.
func (l *Lab) serve(fixed bool) error {
	if err := l.writeSecrets(); err != nil {
		return err
	}
	for _, f := range faces() {
		l.gates[f.name] = gate.New(f.name, l.clock, l.log)
	}
	for _, f := range faces() {
		address := "127.0.0.1:0"
		if fixed {
			address = fmt.Sprintf("127.0.0.1:%d", f.port)
		}
		at, err := f.serve(l, l.gates[f.name], address)
		if err != nil {
			return fmt.Errorf("start the lab's %s: %w", f.name, err)
		}
		l.addresses[f.name] = at
	}
	return nil
}

// Close ends the lab and everything it started.
func (l *Lab) Close() {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return
	}
	for _, g := range l.gates {
		g.Close()
	}
	for i := len(l.closers) - 1; i >= 0; i-- {
		l.closers[i]()
	}
	l.clock.Close()
	_ = os.RemoveAll(l.dir)
}

// Clock is the lab's clock, for the run that is played in it.
func (l *Lab) Clock() *clock.Clock { return l.clock }

// Address is where a target listens: host:port, or the URL of the Docker Engine.
func (l *Lab) Address(target string) string { return l.addresses[target] }

// State is what the service and its targets are like now.
func (l *Lab) State() model.State {
	var s model.State
	l.model.Look(func(w *model.World) { s = w.State() })
	return l.complete(s)
}

func (l *Lab) complete(s model.State) model.State {
	for _, a := range l.prometheus.Alerts() {
		if a.State == "firing" {
			s.Alerts = append(s.Alerts, a.Name)
		}
	}
	for _, f := range faces() {
		if f.tells != nil {
			*f.tells(&s.Address) = "http://" + l.addresses[f.name]
		}
	}
	s.AgeSeconds = l.clock.Now().Sub(l.started).Seconds()
	all, mutations := l.log.Calls()
	s.Calls, s.Mutations = all, len(mutations)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		list := &s.Faults
		if f.spent() {
			list = &s.Ended
		}
		*list = append(*list, f.String())
	}
	return s
}

// Mutations are the requests of clients so far that change something.
func (l *Lab) Mutations() []gate.Call {
	_, mutations := l.log.Calls()
	return mutations
}

// EachSecond calls do about once for each second of the lab's time, with the
// state of that moment.
func (l *Lab) EachSecond(do func(model.State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seconds = append(l.seconds, do)
}

// second lets the model go on when nobody looks, so that gates open and close in
// time, and does so again a second later.
func (l *Lab) second() {
	l.mu.Lock()
	closed, watches := l.closed, l.seconds
	l.mu.Unlock()
	if closed {
		return
	}
	if len(watches) == 0 {
		l.model.Look(func(*model.World) {})
	} else {
		s := l.State()
		for _, watch := range watches {
			watch(s)
		}
	}
	l.clock.After(time.Second, l.second)
}

// follow opens and closes the gates as containers start and end, and lets those
// of the app hang with it.
func (l *Lab) follow(w *model.World) {
	for _, f := range faces() {
		if f.service != "" {
			l.gates[f.name].SetDown(!w.Serves(f.service))
			l.gates[f.name].SetStuck(f.service == "app" && w.App.Hung)
		}
	}
}

// secrets are what the lab plants.
func (l *Lab) secrets() model.Secrets {
	var s model.Secrets
	l.model.Look(func(w *model.World) { s = w.Planted() })
	return s
}

// Secrets are the texts that no output may tell.
func (l *Lab) Secrets() []string {
	s := l.secrets()
	return []string{s.Mongo, s.Redis, s.Token}
}

// Forward lets d pass at once.
func (l *Lab) Forward(ctx context.Context, d time.Duration) error {
	l.clock.Advance(d)
	l.model.Look(func(*model.World) {})
	return ctx.Err()
}

// OnAlert calls do when an alert begins to fire, and when it is resolved. do is
// called from within the lab: it must only note.
func (l *Lab) OnAlert(do func(name string, firing bool, at time.Time)) { l.prometheus.OnChange(do) }
