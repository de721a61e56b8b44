package mongo

import (
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// firstBatch is how many documents a server sends first when nobody says.
const firstBatch = 101

// cursors are the results that clients have not read to the end.
type cursors struct {
	mu   sync.Mutex
	last int64
	open map[int64]*cursor
}

// cursor is the rest of a result.
type cursor struct {
	id        int64
	namespace string
	rest      []bson.D
	started   bson.DateTime // of the process that opened it
}

// put keeps the rest of a result, and returns the cursor's id; 0 for no rest.
func (c *cursors) put(k *cursor) int64 {
	if len(k.rest) == 0 {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[int64]*cursor{}
	}
	c.last += 7_919_000_000_011
	k.id = c.last
	c.open[k.id] = k
	return k.id
}

// take takes a cursor out, nil where there is none of that process.
func (c *cursors) take(id int64, started bson.DateTime) *cursor {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.open[id]
	delete(c.open, id)
	if k == nil || k.started != started {
		return nil
	}
	return k
}

// split cuts off the next batch: at most n documents, and as many as fit into a
// message.
func split(docs []bson.D, n int64) (batch bson.A, rest []bson.D) {
	batch = bson.A{}
	size := 0
	for i, d := range docs {
		size += value.Size(d)
		if int64(i) >= n || i > 0 && size > maxDocument {
			return batch, docs[i:]
		}
		batch = append(batch, d)
	}
	return batch, nil
}

// opened is the answer of a command whose result is read by a cursor.
func (c *call) opened(namespace string, docs []bson.D, size int64, single bool, started bson.DateTime) bson.D {
	batch, rest := split(docs, size)
	if single {
		rest = nil
	}
	c.spent.returned = int64(len(batch))
	id := c.server.cursors.put(&cursor{namespace: namespace, rest: rest, started: started})
	return bson.D{{Key: "cursor", Value: bson.D{{Key: "firstBatch", Value: batch}, {Key: "id", Value: id}, {Key: "ns", Value: namespace}}}}
}

// listed is the answer with all of a short list.
func (c *call) listed(namespace string, docs []bson.D) (bson.D, error) {
	size := int64(len(docs))
	if options, err := c.part("cursor"); err == nil {
		size = number(options, "batchSize", size)
	}
	return c.opened(namespace, docs, size, false, c.started()), nil
}
