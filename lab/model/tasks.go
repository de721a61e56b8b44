package model

// Tasks are the tasks that are not done, in the order in which they came.
func (w *World) Tasks() []Task {
	all := make([]Task, 0, len(w.Downloads.order))
	for _, gid := range w.Downloads.order {
		if t := w.Downloads.open[gid]; t != nil {
			all = append(all, *t)
			all[len(all)-1].Moving = w.moving(t)
		}
	}
	return all
}

// moving says whether the client of a task moves it now.
func (w *World) moving(t *Task) bool {
	return t.Status == "processing" && !t.Lost && !t.Held && w.Downloads.Workers > 0 && w.moves(t.Client)
}

// HoldTask tells the client that has a task to pause it, or to go on with it.
func (w *World) HoldTask(gid string, held bool) {
	if t := w.Downloads.open[gid]; t != nil {
		t.Held = held
	}
}

// DropTask lets the client that has a task forget it: nobody works on it until it
// is reset.
func (w *World) DropTask(gid string) {
	if t := w.Downloads.open[gid]; t != nil {
		t.Lost, t.Held = true, false
	}
}

// FailsHealth says whether a check of the app's health fails by the build of its
// image; it draws from chance.
func (w *World) FailsHealth() bool {
	share := w.App.failures(w.Container("app"))
	return share > 0 && w.chance() < share
}
