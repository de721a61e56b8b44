package main

import "sync"

// download is a task of the service as its API shows it.
type download struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// downloads are the service's tasks. They are safe for concurrent use.
type downloads struct {
	mu   sync.Mutex
	list []download
}

func newDownloads() *downloads {
	return &downloads{list: []download{
		{ID: "t1", Status: "completed"},
		{ID: "t2", Status: "processing"},
		{ID: "t3", Status: "queued"},
	}}
}

func (d *downloads) all() []download {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]download{}, d.list...)
}

// reset queues the task id again, and reports whether there is such a task.
func (d *downloads) reset(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.list {
		if d.list[i].ID == id {
			d.list[i].Status = "queued"
			return true
		}
	}
	return false
}
