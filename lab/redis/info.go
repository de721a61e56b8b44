package redis

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"

	"runbook/lab/model"
)

//go:embed info.txt
var infoText embed.FS

// infoTemplate is INFO with all of its sections, which an empty line parts.
var infoTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("info.txt").Option("missingkey=error").Funcs(template.FuncMap{
		"whole": func(n float64) string { return fmt.Sprintf("%.0f", n) },
		"fixed": func(n float64) string { return fmt.Sprintf("%.2f", n) },
		"human": humanSize,
		"cpu":   func(seconds, share float64) string { return fmt.Sprintf("%.6f", seconds*share) },
		"bit": func(b bool) int {
			if b {
				return 1
			}
			return 0
		},
	}).ParseFS(infoText, "info.txt"))
})

// info writes the sections that are asked for, without one the default ones.
func info(r *request) {
	var whole strings.Builder
	var err error
	r.server.model.Look(func(w *model.World) { err = infoTemplate().Execute(&whole, r.server.figures(w)) })
	if err != nil {
		r.fail("ERR %v", err)
		return
	}
	var sections []string
	for section := range strings.SplitSeq(whole.String(), "\n\n") {
		section = strings.TrimSpace(section)
		title, _, _ := strings.Cut(section, "\n")
		if asked(strings.TrimPrefix(title, "# "), r.args) {
			sections = append(sections, section+"\n")
		}
	}
	r.text(strings.ReplaceAll(strings.Join(sections, "\n"), "\n", "\r\n"))
}

// asked says whether a section is among those of that names; that of the
// commands is there only where it is asked for.
func asked(section string, names []string) bool {
	usual := section != "Commandstats"
	return usual && len(names) == 0 || slices.ContainsFunc(names, func(name string) bool {
		switch strings.ToLower(name) {
		case "all", "everything":
			return true
		case "default":
			return usual
		}
		return strings.EqualFold(name, section)
	})
}

// figures are what the text of INFO tells, by the names that it has for them.
func (s *Server) figures(w *model.World) map[string]any {
	u, up, started := s.usage(w), w.Now.Sub(w.Redis.Started), w.Redis.Started
	commands, rate := w.Redis.Commands+float64(s.history.total), w.Traffic.Rate*4
	took, runs, processor := -1, -1, 0.0
	if s.saving.count > 0 || s.saving.failed {
		took = int(s.saving.took.Seconds())
	}
	if s.saving.running {
		runs = int(w.Now.Sub(s.saving.began).Seconds())
	}
	if c := w.Container("redis"); c != nil {
		processor = c.CPUTime.Seconds()
	}
	return map[string]any{
		"world": w, "settings": s.settings, "version": version, "run": runID(w.Seed, started), "replication": runID(^w.Seed, started),
		"seconds": int(up.Seconds()), "days": int(up.Hours() / 24), "clock": w.Now.Unix() & (1<<24 - 1),
		"clients": len(s.clients.connected) + len(s.clients.service), "connections": len(s.clients.service) + s.history.peers,
		"used": u.used, "resident": u.resident, "peak": u.peak, "peakPercent": 100 * u.used / u.peak, "overhead": u.overhead, "startup": u.startup,
		"dataset": max(0, u.used-u.overhead), "datasetPercent": 100 * max(0, u.used-u.overhead) / (u.used - u.startup), "active": 1.02 * u.used,
		"host": float64(model.HostMemory()), "fragmentation": u.resident / u.used, "fragments": u.resident - u.used, "clientBytes": u.clients,
		"unsaved": w.Traffic.Rate * w.Now.Sub(w.Redis.LastSave).Seconds(), "saving": s.saving.running, "failed": s.saving.failed,
		"saveTook": took, "saveRuns": runs, "saves": s.saving.count, "processor": processor,
		"commands": commands, "rate": rate, "input": commands * 70, "output": commands * 900, "inputRate": rate * 70 / 1024, "outputRate": rate * 900 / 1024,
		"replicationLines": replicationLines(w, int(commands)), "offset": int(commands),
		"commandLines": s.commandLines(), "keyLines": s.keyLines(),
	}
}

// runID is the ID of a process: 40 hexadecimal digits.
func runID(seed uint64, started time.Time) string {
	return fmt.Sprintf("%016x%016x%08x", seed*0x9E3779B97F4A7C15^uint64(started.UnixNano()), uint64(started.UnixNano())*0xBF58476D1CE4E5B9, uint32(started.Unix()))
}

// humanSize writes a size as INFO does.
func humanSize(n float64) string {
	units := []string{"B", "K", "M", "G", "T"}
	if n < 1024 {
		return fmt.Sprintf("%.0fB", n)
	}
	i := 0
	for ; n >= 1024 && i < len(units)-1; i++ {
		n /= 1024
	}
	return fmt.Sprintf("%.2f%s", n, units[i])
}

func (s *Server) commandLines() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.history.calls)) {
		c := s.history.calls[name]
		spent := c.took.Microseconds()
		fmt.Fprintf(&text, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=0,failed_calls=%d\n", name, c.count, spent, float64(spent)/float64(c.count), c.failed)
	}
	return text.String()
}

func (s *Server) keyLines() string {
	var text strings.Builder
	for _, db := range s.databases() {
		fmt.Fprintf(&text, "db%d:keys=%d,expires=%d,avg_ttl=%d\n", db.number, db.keys, db.expires, db.ttl.Milliseconds())
	}
	return text.String()
}
