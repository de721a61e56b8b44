package prometheus

import (
	"net/http"
	"runtime"
	"strings"

	"runbook/lab/model"
)

// rulesFile is where the rules stand in the container.
const rulesFile = "/etc/prometheus/alerts.rules.yml"

// version is that of the image of the container.
func (s *Server) version() string {
	version := ""
	s.model.Look(func(w *model.World) {
		for _, c := range w.Service("prometheus") {
			if len(c.Image.Tags) > 0 {
				_, version, _ = strings.Cut(c.Image.Tags[0], ":v")
			}
		}
	})
	return version
}

func (s *Server) buildInfo(*http.Request) (any, error) {
	return map[string]string{
		"version": s.version(), "revision": "", "branch": "HEAD", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	}, nil
}
