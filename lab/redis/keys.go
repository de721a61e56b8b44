package redis

import (
	"fmt"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2"

	"runbook/lab/model"
)

// queueKey is the list of the tasks that wait.
const queueKey = "queue:downloads"

// entriesPerKey is how many entries of the model one key stands for.
const entriesPerKey = 100

// sessionTime is how long a session is kept.
const sessionTime = 24 * time.Hour

// keys are those that the service itself writes.
type keys struct{ shown int }

// follow brings the keys of the service up to date: as many as the model's cache
// holds, and the queue.
func (k *keys) follow(w *model.World, data *miniredis.Miniredis) {
	db := data.DB(0)
	wanted := int(w.Redis.Entries) / entriesPerKey
	for ; k.shown < wanted; k.shown++ {
		name, value := key(k.shown)
		if db.Set(name, value) == nil && value[0] != '<' {
			db.SetTTL(name, sessionTime)
		}
	}
	for ; k.shown > wanted; k.shown-- {
		name, _ := key(k.shown - 1)
		db.Del(name)
	}
	var queue []string
	for _, t := range w.Tasks() {
		if t.Status == "queued" {
			queue = append(queue, t.GID)
		}
	}
	if have, _ := db.List(queueKey); slices.Equal(have, queue) {
		return
	}
	db.Del(queueKey)
	if len(queue) > 0 {
		_, _ = db.Push(queueKey, queue...)
	}
}

// key is the n-th key of the service: mostly pages, some sessions.
func key(n int) (name, value string) {
	if n%8 == 7 {
		return fmt.Sprintf("session:%08x", uint32(n)*2654435761), fmt.Sprintf(`{"user_id":%d,"roles":["user"]}`, 1000+n%400)
	}
	return fmt.Sprintf("cache:page:%d", n), fmt.Sprintf("<!doctype html><title>Page %d</title>", n)
}
