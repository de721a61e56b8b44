package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"runbook/lab/alertmanager"
	"runbook/lab/clock"
	"runbook/lab/docker"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/mongo"
	"runbook/lab/prometheus"
	"runbook/lab/redis"
	"runbook/lab/service"
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
}

// Lab is a running lab. Its methods may be called from anywhere.
type Lab struct {
	clock   *clock.Clock
	model   *model.Model
	log     *gate.Log
	dir     string
	started time.Time

	gates      map[string]*gate.Gate
	addresses  map[string]string
	prometheus *prometheus.Server
	closers    []func()

	mu      sync.Mutex
	faults  []*injected
	seconds []func(model.State)
	closed  bool
}

// The names of the targets, as they stand in the environment.
const (
	Docker       = "docker"
	HTTP         = "http"
	Metrics      = "metrics"
	Redis        = "redis"
	Mongo        = "mongo"
	Prometheus   = "prometheus"
	Alertmanager = "alertmanager"
	Aria2        = "aria2"
	QBittorrent  = "qbittorrent"
	Host         = "host" // a node_exporter
)

// ports are those of the service.
var ports = map[string]int{HTTP: 8060, Metrics: 9090, Redis: 6379, Mongo: 27017, Prometheus: 9091, Alertmanager: 9093, Aria2: 6800, QBittorrent: 8090, Host: 9100}

// Targets are the names of the targets, in the order of the environment.
func Targets() []string {
	return []string{Docker, HTTP, Metrics, Redis, Mongo, Prometheus, Alertmanager, Aria2, QBittorrent, Host}
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
		clock: o.Clock, log: &gate.Log{}, dir: dir, started: o.Clock.Now(),
		gates: map[string]*gate.Gate{}, addresses: map[string]string{},
	}
	l.model = model.New(o.Seed, l.clock.Now)
	if err := l.serve(o); err != nil {
		l.Close()
		return nil, err
	}
	l.clock.Advance(o.History)
	l.model.Watch(l.follow)
	l.second()
	return l, nil
}

// serve starts the faces.
func (l *Lab) serve(o Options) error {
	for _, name := range Targets() {
		l.gates[name] = gate.New(name, l.clock, l.log)
	}
	secret := l.secrets()
	if err := l.writeSecrets(); err != nil {
		return err
	}
	for _, face := range []struct {
		name  string
		start func(g *gate.Gate, address string) (string, error)
	}{
		{Prometheus, func(g *gate.Gate, address string) (string, error) {
			s, err := prometheus.Serve(l.model, g, address, o.Rules)
			if err != nil {
				return "", err
			}
			l.prometheus = s
			return l.keep(s), nil
		}},
		{Alertmanager, func(g *gate.Gate, address string) (string, error) {
			s, err := alertmanager.Serve(l.prometheus, g, address)
			if err != nil {
				return "", err
			}
			return l.keep(s), nil
		}},
		{Docker, l.serveDocker},
		{Redis, func(g *gate.Gate, address string) (string, error) {
			s, err := redis.Serve(l.model, g, address, secret.Redis)
			if err != nil {
				return "", err
			}
			return l.keep(s), nil
		}},
		{Mongo, func(g *gate.Gate, address string) (string, error) {
			s, err := mongo.Serve(l.model, g, address, map[string]string{model.Project: secret.Mongo, "admin": secret.Mongo})
			if err != nil {
				return "", err
			}
			return l.keep(s), nil
		}},
		{HTTP, l.plain(service.ServeApp)},
		{Metrics, l.plain(service.ServeMetrics)},
		{Aria2, l.plain(service.ServeAria2)},
		{QBittorrent, l.plain(service.ServeQBittorrent)},
		{Host, l.plain(service.ServeNode)},
	} {
		address := "127.0.0.1:0"
		if o.Fixed {
			address = fmt.Sprintf("127.0.0.1:%d", ports[face.name])
		}
		at, err := face.start(l.gates[face.name], address)
		if err != nil {
			return fmt.Errorf("start the lab's %s: %w", face.name, err)
		}
		l.addresses[face.name] = at
	}
	return l.writeSecret("mongo", fmt.Sprintf("mongodb://%s:%s@%s/%[1]s?authSource=%[1]s&directConnection=true", model.Project, secret.Mongo, l.addresses[Mongo]))
}

// server is a face that runs.
type server interface {
	Addr() string
	Close()
}

func (l *Lab) keep(s server) string {
	l.closers = append(l.closers, s.Close)
	return s.Addr()
}

// plain starts a face that has nothing to close but its gate.
func (l *Lab) plain(serve func(*model.Model, *gate.Gate, string) (net.Addr, error)) func(*gate.Gate, string) (string, error) {
	return func(g *gate.Gate, address string) (string, error) {
		at, err := serve(l.model, g, address)
		if err != nil {
			return "", err
		}
		return at.String(), nil
	}
}

func (l *Lab) serveDocker(g *gate.Gate, _ string) (string, error) {
	network, address := "unix", filepath.Join(l.dir, "docker.sock")
	if runtime.GOOS == "windows" {
		network, address = "tcp", "127.0.0.1:0"
	}
	s, err := docker.Serve(l.model, g, network, address)
	if err != nil {
		return "", err
	}
	return network + "://" + l.keep(s), nil
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
	url := func(target string) string { return "http://" + l.addresses[target] }
	s.Address = model.AddressState{
		HTTP: url(HTTP), Metrics: url(Metrics), Aria2: url(Aria2), QBittorrent: url(QBittorrent),
		Prometheus: url(Prometheus), Alertmanager: url(Alertmanager), Host: url(Host),
	}
	s.AgeSeconds = l.clock.Now().Sub(l.started).Seconds()
	all, mutations := l.log.Calls()
	s.Calls, s.Mutations = all, len(mutations)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		s.Faults = append(s.Faults, f.String())
	}
	return s
}

// Mutations are the requests of clients so far that change something.
func (l *Lab) Mutations() []gate.Call {
	_, mutations := l.log.Calls()
	return mutations
}

// Model is the model of the service.
func (l *Lab) Model() *model.Model { return l.model }

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

// follow opens and closes the gates as containers start and end.
func (l *Lab) follow(w *model.World) {
	for name, service := range map[string]string{
		HTTP: "app", Metrics: "app", Redis: "redis", Mongo: "mongo", Prometheus: "prometheus", Alertmanager: "alertmanager", Aria2: "aria2", QBittorrent: "qbittorrent",
	} {
		l.gates[name].SetDown(!w.Serves(service))
	}
	for _, name := range []string{HTTP, Metrics} {
		l.gates[name].SetStuck(w.App.Hung)
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
