package lab

import (
	"fmt"
	"net"
	"path/filepath"
	"runtime"

	"runbook/lab/alertmanager"
	"runbook/lab/docker"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/mongo"
	"runbook/lab/prometheus"
	"runbook/lab/redis"
	"runbook/lab/service"
)

// face is a target that the lab plays.
type face struct {
	name    string // as the target stands in the environment
	service string // whose container it lives and dies with; "" for none
	port    int    // of the service, with Options.Fixed; 0 for the engine's socket
	target  string // its settings in runbook.yaml, with $address and $project
	speaks  string // its protocol, as what
	answers string // what works with it; "" where the protocol says it
	// tells is where the state tells its URL, for inputs of rehearsals; nil for
	// one that is only a target.
	tells func(*model.AddressState) *string
	// serve starts it behind its gate and returns where it listens. A face finds
	// those above it in the lab already.
	serve func(l *Lab, g *gate.Gate, address string) (string, error)
}

// The targets that somebody asks for by name.
const (
	Docker   = "docker"
	HTTP     = "http"
	Metrics  = "metrics"
	Redis    = "redis"
	Mongo    = "mongo"
	Host     = "host"
	Sentinel = "sentinel"
)

// faces are all targets, in the order of the environment. Adding one is told in
// docs/lab.md.
func faces() []face {
	return []face{
		{name: Docker, speaks: "Docker Engine API 1.41, on a unix socket", answers: "Docker's own command line client works", target: `{host: "$address", project: $project}`, serve: serveDocker},
		{
			name: HTTP, service: "app", port: 8060, speaks: "the app's HTTP API", target: `{base_url: "http://$address"}`, serve: plain(service.ServeApp),
			tells: func(a *model.AddressState) *string { return &a.HTTP },
		},
		{
			name: Metrics, service: "app", port: 9090, speaks: "the app's /metrics", target: `{kind: http, base_url: "http://$address"}`, serve: plain(service.ServeMetrics),
			tells: func(a *model.AddressState) *string { return &a.Metrics },
		},
		{name: Redis, service: "redis", port: 6379, speaks: "RESP, as Redis 7.0", answers: "redis-cli works", target: `{address: "$address", password: {secret: redis}}`, serve: serveRedis},
		{name: Sentinel, port: 26379, speaks: "RESP, as a Sentinel of Redis 7.0", answers: "redis-cli works", target: `{address: "$address", password: {secret: redis}}`, serve: serveSentinel},
		{name: Mongo, service: "mongo", port: 27017, speaks: "MongoDB's wire protocol, as MongoDB 7.0", answers: "drivers work, with authentication", target: `{uri: {secret: mongo}, database: mltb}`, serve: serveMongo},
		{
			name: "prometheus", service: "prometheus", port: 9091, speaks: "the HTTP API of Prometheus 2.42", answers: "PromQL over the model's metrics, the shipped alerts", target: `{url: "http://$address"}`, serve: servePrometheus,
			tells: func(a *model.AddressState) *string { return &a.Prometheus },
		},
		{
			name: "alertmanager", service: "alertmanager", port: 9093, speaks: "version 2 of its API", answers: "alerts and silences", target: `{url: "http://$address"}`, serve: serveAlertmanager,
			tells: func(a *model.AddressState) *string { return &a.Alertmanager },
		},
		{
			name: "aria2", service: "aria2", port: 6800, serve: plain(service.ServeAria2),
			speaks: "JSON-RPC 2.0, as aria2 1.37", answers: "what a download client moves",
			target: `{kind: http, base_url: "http://$address", reads: [{rpc: aria2.getVersion, path: /jsonrpc}, {rpc: aria2.getGlobalStat, path: /jsonrpc}, {rpc: aria2.tellActive, path: /jsonrpc}]}`,
			tells:  func(a *model.AddressState) *string { return &a.Aria2 },
		},
		{
			name: "qbittorrent", service: "qbittorrent", port: 8090, speaks: "qBittorrent's HTTP API, version 2", answers: "the same", target: `{kind: http, base_url: "http://$address"}`, serve: plain(service.ServeQBittorrent),
			tells: func(a *model.AddressState) *string { return &a.QBittorrent },
		},
		{name: "grafana", service: "grafana", port: 3000, speaks: "the health of a Grafana 11", target: `{kind: http, base_url: "http://$address"}`, serve: plain(service.ServeGrafana)},
		{
			name: Host, port: 9100, speaks: "a node_exporter", answers: "processors, memory, the disk", target: `{node_exporter: "http://$address"}`, serve: plain(service.ServeNode),
			tells: func(a *model.AddressState) *string { return &a.Host },
		},
	}
}

// Tables are the tables of docs/lab.md, by their names: the faces, and the faults.
func Tables() map[string]string {
	all := "| target | speaks | answers |\n|---|---|---|\n"
	for _, f := range faces() {
		all += fmt.Sprintf("| `%s` | %s | %s |\n", f.name, f.speaks, f.answers)
	}
	faults := "| fault | what is wrong | what helps | what does not |\n|---|---|---|---|\n"
	for _, f := range model.Faults() {
		faults += fmt.Sprintf("| `%s` | %s | %s | %s |\n", f.Name, f.Summary, f.Cure, f.Vain)
	}
	return map[string]string{"faces": all, "faults": faults}
}

// server is a face that has something to close besides its gate.
type server interface {
	Addr() string
	Close()
}

// keep closes s with the lab.
func keep[S server](l *Lab, s S, err error) (string, error) {
	if err != nil {
		return "", err
	}
	l.closers = append(l.closers, s.Close)
	return s.Addr(), nil
}

// plain is a face that has nothing to close but its gate.
func plain(serve func(*model.Model, *gate.Gate, string) (net.Addr, error)) func(*Lab, *gate.Gate, string) (string, error) {
	return func(l *Lab, g *gate.Gate, address string) (string, error) {
		at, err := serve(l.model, g, address)
		if err != nil {
			return "", err
		}
		return at.String(), nil
	}
}

func serveDocker(l *Lab, g *gate.Gate, _ string) (string, error) {
	network, address := "unix", filepath.Join(l.dir, "docker.sock")
	if runtime.GOOS == "windows" {
		network, address = "tcp", "127.0.0.1:0"
	}
	s, err := docker.Serve(l.model, g, network, address)
	at, err := keep(l, s, err)
	return network + "://" + at, err
}

func serveRedis(l *Lab, g *gate.Gate, address string) (string, error) {
	s, err := redis.Serve(l.model, g, address, l.secrets().Redis)
	return keep(l, s, err)
}

func serveSentinel(l *Lab, g *gate.Gate, address string) (string, error) {
	s, err := redis.ServeSentinel(l.model, g, address, l.secrets().Redis, l.addresses[Redis])
	return keep(l, s, err)
}

func serveMongo(l *Lab, g *gate.Gate, address string) (string, error) {
	secret := l.secrets().Mongo
	s, err := mongo.Serve(l.model, g, address, map[string]string{model.Project: secret, "admin": secret})
	at, err := keep(l, s, err)
	if err != nil {
		return "", err
	}
	return at, l.writeSecret("mongo", fmt.Sprintf("mongodb://%s:%s@%s/%[1]s?authSource=%[1]s&directConnection=true", model.Project, secret, at))
}

func servePrometheus(l *Lab, g *gate.Gate, address string) (string, error) {
	s, err := prometheus.Serve(l.model, g, address, l.rules)
	l.prometheus = s
	return keep(l, s, err)
}

func serveAlertmanager(l *Lab, g *gate.Gate, address string) (string, error) {
	return plain(func(*model.Model, *gate.Gate, string) (net.Addr, error) {
		return alertmanager.Serve(l.prometheus, g, address)
	})(l, g, address)
}
