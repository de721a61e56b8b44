package mongo

import (
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// retries are the answers to the last numbered write of each session: one that
// is sent again is not done again.
type retries struct {
	mu   sync.Mutex
	last map[string]answered
}

type answered struct {
	number int64
	reply  bson.D
}

// numbered are the session and the number of a write that may be sent again.
func (c *call) numbered() (session string, number int64, ok bool) {
	v, has := field(c.body, "txnNumber")
	id, err := c.part("lsid")
	if !has || err != nil || id == nil {
		return "", 0, false
	}
	number, ok = value.Int(v)
	return value.Identity(id), number, ok
}

// again is the answer to a write that was done already.
func (r *retries) again(c *call) (bson.D, bool) {
	session, number, ok := c.numbered()
	if !ok {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a, known := r.last[session]
	return a.reply, known && a.number == number
}

// keep notes the answer to a write that was done.
func (r *retries) keep(c *call, reply bson.D) {
	session, number, ok := c.numbered()
	if !ok || !truth(reply, "ok", false) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[string]answered{}
	}
	r.last[session] = answered{number, reply}
}
