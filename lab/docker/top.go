package docker

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/model"
)

// top answers docker top: as ps -ef, or as ps aux where that is asked for.
func top(w *model.World, c *model.Container, r *http.Request) (any, error) {
	if !c.Running() {
		return nil, failure{http.StatusConflict, "Container " + c.ID + " is not running"}
	}
	return processes(w, c, strings.Contains(r.FormValue("ps_args"), "u")), nil
}

// processes are those of c, with the numbers of the host.
func processes(w *model.World, c *model.Container, wide bool) container.TopResponse {
	o := container.TopResponse{Titles: []string{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}}
	if wide {
		o.Titles = []string{"USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"}
	}
	for i, p := range c.Processes {
		cpu, used := p.CPU, time.Duration(0)
		rss := int64(4 * model.MiB)
		if i == 0 {
			cpu, used, rss = 100*c.CPU, w.UsedCPU(c), int64(c.Memory)
		}
		began := c.Started.UTC().Format("15:04")
		if !wide {
			o.Processes = append(o.Processes, []string{p.User, fmt.Sprint(hostPID(c, p.PID)), fmt.Sprint(hostPID(c, 0)), fmt.Sprintf("%.0f", cpu), began, "?", clockTime(used), p.Command})
			continue
		}
		share := 100 * float64(rss) / float64(model.HostMemory())
		o.Processes = append(o.Processes, []string{
			p.User, fmt.Sprint(hostPID(c, p.PID)), fmt.Sprintf("%.1f", cpu), fmt.Sprintf("%.1f", share), fmt.Sprint(3 * rss / 1024), fmt.Sprint(rss / 1024),
			"?", "Ssl", began, fmt.Sprintf("%d:%02d", int(used.Minutes()), int(used.Seconds())%60), p.Command,
		})
	}
	return o
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
