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
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, r *http.Request) {
		if gate.VisitOf(r).Pause(r.Context(), 4*time.Millisecond) != nil {
			panic(http.ErrAbortHandler)
		}
		version := ""
		m.Look(func(world *model.World) {
			if c := world.Container("grafana"); c != nil {
				version = tag(c.Image.Tags[0])
			}
		})
		reply(w, http.StatusOK, map[string]any{"database": "ok", "version": version})
	})
	return g.Serve("tcp", address, mux, gate.ByMethod)
}
