package model

import (
	"time"
)

// Task is a task that is not done, as its download client or the queue shows it.
type Task struct {
	GID      string
	Client   string  // aria2 or qbittorrent
	Status   string  // queued or processing
	Progress float64 // per cent
	Updated  time.Time
	Lost     bool // its client does not know it any more
	Held     bool // its client was told to pause it
	Moving   bool // its client moves it now
}

// Tasks are the tasks that are not done, in the order in which they came.
func (w *World) Tasks() []Task {
	d := &w.Downloads
	all := make([]Task, 0, len(d.order))
	for _, gid := range d.order {
		t := d.open[gid]
		if t == nil {
			continue
		}
		moving := t.status == "processing" && !t.lost && !t.held && d.Workers > 0 && w.moves(t.client)
		all = append(all, Task{
			GID: t.gid, Client: t.client, Status: t.status, Progress: t.progress, Updated: t.updated,
			Lost: t.lost, Held: t.held, Moving: moving,
		})
	}
	return all
}

// HoldTask tells the client of a task to pause it, or to go on with it. It says
// whether the client knows the task.
func (w *World) HoldTask(gid string, held bool) bool {
	t := w.Downloads.open[gid]
	if t == nil || t.lost {
		return false
	}
	t.held = held
	return true
}

// DropTask lets the client of a task forget it: nobody works on it until it is
// reset. It says whether the client knew it.
func (w *World) DropTask(gid string) bool {
	t := w.Downloads.open[gid]
	if t == nil || t.lost {
		return false
	}
	t.lost, t.held = true, false
	return true
}

// FailsHealth says whether a check of the app's health fails by the build of its
// image; it draws from chance.
func (w *World) FailsHealth() bool {
	share := w.App.failures(w.Container("app"))
	return share > 0 && w.chance() < share
}

// Reason is what the app says when a request fails.
func (w *World) Reason() string { return w.reason() }
