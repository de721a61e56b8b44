package control

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/model"
)

// Page is the state of a lab for people.
func Page(s model.State, k page.Look) *page.Page {
	p := page.New(k)
	line := func(label, format string, v ...any) {
		p.Flow(p.Label(0, label, 13), page.Plain, fmt.Sprintf(format, v...))
	}
	line("lab", "%s old, faults %s, alerts %s", schema.HumanDuration(time.Duration(s.AgeSeconds*float64(time.Second))), orNone(s.Faults), orNone(s.Alerts))
	if len(s.Ended) > 0 {
		line("ended", "%s: what was wrong is no longer there", strings.Join(s.Ended, ", "))
	}
	for _, k := range s.Kills {
		ago := s.Now.Sub(k.At).Round(time.Second)
		line("kernel", "killed the process of %s at %s, %s ago: out of memory, at %s", k.Container, k.At.UTC().Format(time.TimeOnly), schema.HumanDuration(ago), schema.HumanBytes(float64(k.MemoryBytes)))
	}
	limit := "no limit"
	if s.App.LimitBytes > 0 {
		limit = schema.HumanPercent(s.App.MemoryPercent) + " of " + schema.HumanBytes(float64(s.App.LimitBytes))
	}
	answers := "answers"
	if !s.App.Answers {
		answers = "does not answer"
	}
	line("app", "%s, %s, memory %s, %s; CPU %s, %s", runs(s.App.Running), answers, schema.HumanBytes(float64(s.App.MemoryBytes)), limit, schema.HumanPercent(s.App.CPUPercent), page.Counted(s.App.Restarts, "restart"))
	line("http", "%s of the last minute answered, %.0f ms, %.1f requests/s", schema.HumanPercent(100*s.HTTP.Availability), s.HTTP.LatencyMS, s.HTTP.PerSecond)
	line("cache", "%s, hit rate %s", schema.HumanBytes(float64(s.Cache.SizeBytes)), schema.HumanPercent(s.Cache.HitRatePercent))
	line("pool", "%.0f of %.0f connections, wait %.0f ms", s.Pool.Active, s.Pool.Max, s.Pool.WaitMS)
	line("redis", "%s, memory %s, %s entries", runs(s.Redis.Running), schema.HumanBytes(float64(s.Redis.MemoryBytes)), schema.HumanCount(int64(s.Redis.Entries)))
	line("mongo", "%s, queries %.1f ms, %s downloads, missing indexes %s", runs(s.Mongo.Running), s.Mongo.QueryMS, schema.HumanCount(int64(s.Mongo.Downloads)), orNone(s.Mongo.MissingIndexes))
	line("queue", "%d wait, %d in processing, %d stuck, %s", s.Queue.Depth, s.Queue.Processing, s.Queue.Stuck, page.Counted(s.Queue.Workers, "worker"))
	line("disk", "%s used, %s free", schema.HumanPercent(s.Disk.UsedPercent), schema.HumanBytes(float64(s.Disk.FreeBytes)))
	for _, c := range s.Containers {
		line("container", "%-20s  %s %s", c.Name, c.State, c.Health)
	}
	line("asked", "%s of the targets, %d of them changes", page.Counted(s.Calls, "request"), s.Mutations)
	return p
}

func runs(up bool) string {
	if up {
		return "runs"
	}
	return "is down"
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}
