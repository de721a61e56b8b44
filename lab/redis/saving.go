package redis

import (
	"strings"
	"time"

	"runbook/lab/model"
)

// saving is how the snapshots of the process go.
type saving struct {
	running bool
	began   time.Time
	ends    time.Time
	failed  bool // the last one
	count   int
	took    time.Duration // the last one
}

// saveRate is how many bytes of memory a snapshot writes in a second.
const saveRate = 80 * model.MiB

func saveTime(w *model.World) time.Duration {
	return time.Duration(w.Redis.UsedBytes / saveRate * float64(time.Second))
}

// follow ends a snapshot that is done.
func (s *saving) follow(w *model.World) {
	if s.running && !w.Now.Before(s.ends) {
		s.running = false
		s.finish(w)
	}
}

// finish is the end of a snapshot: it fails where the disk has no room for it.
func (s *saving) finish(w *model.World) {
	s.took = s.ends.Sub(s.began)
	s.failed = w.Disk.TotalBytes-w.Disk.UsedBytes < w.Redis.UsedBytes/2
	if s.failed {
		if c := w.Container("redis"); c != nil {
			c.Say(s.ends, false, "# Write error saving DB on disk: No space left on device")
		}
		return
	}
	s.count++
	w.Redis.LastSave = s.ends
}

func saveCommands() map[string]command {
	return map[string]command{
		"BGSAVE":   {words: 1, mutates: true, run: backgroundSave},
		"LASTSAVE": {words: 1, exactly: true, run: lastSave},
	}
}

func backgroundSave(r *request) {
	schedule := len(r.args) == 1 && strings.EqualFold(r.args[0], "SCHEDULE")
	if len(r.args) > 0 && !schedule {
		r.fail("ERR syntax error")
		return
	}
	s := &r.server.saving
	if s.running {
		r.fail("ERR Background save already in progress")
		return
	}
	r.server.model.Look(func(w *model.World) { s.running, s.began, s.ends = true, w.Now, w.Now.Add(saveTime(w)) })
	r.peer.WriteInline("Background saving started")
}

func lastSave(r *request) {
	r.server.model.Look(func(w *model.World) { r.peer.WriteInt(int(w.Redis.LastSave.Unix())) })
}
