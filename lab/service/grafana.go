package service

import (
	"net"
	"net/http"
	"time"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// ServeGrafana serves what a Grafana 11 says of its health at address, behind g,
// until g is closed. It returns where it listens.
func ServeGrafana(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) {
		version := ""
		m.Look(func(world *model.World) {
			if c := world.Container("grafana"); c != nil {
				version = c.Image.Version()
			}
		})
		reply(w, http.StatusOK, map[string]any{"database": "ok", "version": version})
	})
	return g.Serve("tcp", address, gate.Taking(4*time.Millisecond, mux), gate.ByMethod)
}
