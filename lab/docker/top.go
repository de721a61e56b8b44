package docker

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/model"
)

// top answers docker top: as ps -ef, with the numbers of the host.
func top(w *model.World, c *model.Container, _ *http.Request) (any, error) {
	if !c.Running() {
		return nil, failure{http.StatusConflict, "Container " + c.ID + " is not running"}
	}
	o := container.TopResponse{Titles: []string{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}}
	for i, p := range c.Processes {
		cpu, used := p.CPU, time.Duration(0)
		if i == 0 {
			cpu, used = 100*c.CPU, w.UsedCPU(c)
		}
		o.Processes = append(o.Processes, []string{
			p.User, fmt.Sprint(hostPID(c, p.PID)), fmt.Sprint(hostPID(c, 0)), fmt.Sprintf("%.0f", cpu), c.Started.UTC().Format("15:04"), "?", clockTime(used), p.Command,
		})
	}
	return o, nil
}

func clockTime(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// changes answers docker diff.
func changes(_ *model.World, c *model.Container, _ *http.Request) (any, error) {
	type change struct {
		Path string
		Kind int // 0 modified, 1 added
	}
	var o []change
	if !c.ReadOnly && c.Written > 0 {
		o = []change{{"/tmp", 0}, {"/tmp/" + c.Name + ".pid", 1}}
	}
	for _, p := range c.Processes[min(1, len(c.Processes)):] {
		if program, _, _ := strings.Cut(p.Command, " "); strings.HasPrefix(program, "/tmp/") {
			o = append(o, change{program, 1})
		}
	}
	return o, nil
}
