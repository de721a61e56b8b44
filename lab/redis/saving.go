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
	rewrite time.Time     // when a rewrite of the append-only file ends
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
		s.finish(w, s.ends, s.ends.Sub(s.began))
	}
}

// finish is the end of a snapshot: it fails where the disk has no room for it.
func (s *saving) finish(w *model.World, at time.Time, took time.Duration) {
	s.took = took
	s.failed = w.Redis.SaveFails || w.Disk.TotalBytes-w.Disk.UsedBytes < w.Redis.UsedBytes/2
	if s.failed {
		if c := w.Container("redis"); c != nil {
			c.Say(at, false, "# Write error saving DB on disk: No space left on device")
		}
		return
	}
	s.count++
	w.Redis.LastSave = at
}

func saveCommands() map[string]command {
	return map[string]command{
		"BGSAVE":       {words: 1, mutates: true, run: backgroundSave},
		"SAVE":         {words: 1, exactly: true, mutates: true, run: save},
		"LASTSAVE":     {words: 1, exactly: true, run: lastSave},
		"BGREWRITEAOF": {words: 1, exactly: true, mutates: true, run: rewrite},
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

func save(r *request) {
	s := &r.server.saving
	if s.running {
		r.fail("ERR Background save already in progress")
		return
	}
	r.server.model.Change(func(w *model.World) {
		took := saveTime(w)
		r.took += took
		s.finish(w, w.Now.Add(took), took)
	})
	if s.failed {
		r.fail("ERR")
		return
	}
	r.peer.WriteOK()
}

func lastSave(r *request) {
	r.server.model.Look(func(w *model.World) { r.peer.WriteInt(int(w.Redis.LastSave.Unix())) })
}

func rewrite(r *request) {
	s := &r.server.saving
	r.server.model.Look(func(w *model.World) {
		if w.Now.Before(s.rewrite) {
			r.fail("ERR Background append only file rewriting already in progress")
			return
		}
		s.rewrite = w.Now.Add(saveTime(w))
		r.peer.WriteInline("Background append only file rewriting started")
	})
}
