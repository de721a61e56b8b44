package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/model"
)

// host is the name of the machine in its answers.
const host = "mongo:27017"

// connectionLimit is how many connections the server takes.
const connectionLimit = 838_860

func (c *call) serverStatus() (bson.D, error) {
	var reply bson.D
	err := c.on(func(w *model.World) error {
		up := w.Now.Sub(w.Mongo.Started)
		reply = bson.D{
			{Key: "host", Value: host}, {Key: "version", Value: Version}, {Key: "process", Value: "mongod"}, {Key: "service", Value: bson.A{"shard"}}, {Key: "pid", Value: int64(1)},
			{Key: "uptime", Value: up.Seconds()}, {Key: "uptimeMillis", Value: up.Milliseconds()}, {Key: "uptimeEstimate", Value: int64(up.Seconds())},
			{Key: "localTime", Value: bson.NewDateTimeFromTime(w.Now)},
			{Key: "connections", Value: c.server.connections(w)},
			{Key: "globalLock", Value: bson.D{
				{Key: "totalTime", Value: up.Microseconds()}, {Key: "currentQueue", Value: counts("total", 0, "readers", 0, "writers", 0)},
				{Key: "activeClients", Value: counts("total", len(w.Mongo.Operations), "readers", len(w.Mongo.Operations), "writers", 0)},
			}},
		}
		reply = append(reply, c.server.tally.of(w).document(w)...)
		reply = append(reply, bson.E{Key: "storageEngine", Value: bson.D{{Key: "name", Value: "wiredTiger"}, {Key: "supportsCommittedReads", Value: true}, {Key: "persistent", Value: true}}},
			bson.E{Key: "wiredTiger", Value: bson.D{{Key: "cache", Value: cache(w)}}}, bson.E{Key: "mem", Value: memory(w)})
		return nil
	})
	return reply, err
}

// counts is a document of whole numbers.
func counts(pairs ...any) bson.D {
	var d bson.D
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		n := int64(0)
		switch v := pairs[i+1].(type) {
		case int:
			n = int64(v)
		case int64:
			n = v
		case float64:
			n = int64(v)
		}
		d = append(d, bson.E{Key: name, Value: n})
	}
	return d
}

// connections are those of the model and those of the clients here.
func (s *Server) connections(w *model.World) bson.D {
	open := w.Mongo.Connections + s.running.count()
	made := int64(open) + int64(s.nextID.Load())
	return bson.D{
		{Key: "current", Value: int32(open)}, {Key: "available", Value: int32(connectionLimit - open)}, {Key: "totalCreated", Value: int32(made)}, {Key: "rejected", Value: int32(0)},
		{Key: "active", Value: int32(1 + len(w.Mongo.Operations))},
	}
}

// document is what was counted, with what the model counts.
func (t *tally) document(w *model.World) bson.D {
	m := &w.Mongo
	return bson.D{
		{Key: "network", Value: counts("bytesIn", t.received+int64(m.Queried)*310, "bytesOut", t.sent+int64(m.Queried)*2400, "numRequests", t.requests+int64(m.Queried+m.Inserted+m.Updated+m.Deleted))},
		{Key: "opcounters", Value: counts("insert", m.Inserted, "query", m.Queried, "update", m.Updated, "delete", m.Deleted, "getmore", t.getMores, "command", t.commands)},
		{Key: "metrics", Value: bson.D{
			{Key: "document", Value: counts("deleted", m.Deleted, "inserted", m.Inserted, "returned", t.returned, "updated", m.Updated)},
			{Key: "queryExecutor", Value: counts("scanned", t.scanned, "scannedObjects", t.examined)},
		}},
	}
}

// dataBytes is what all databases hold.
func dataBytes(w *model.World) (bytes int64) {
	for _, d := range w.Mongo.Databases {
		s := sizeOf(d)
		bytes += s.data + s.indexed
	}
	return bytes
}

// cache are figures of the storage engine's cache, which holds all that there
// is of so small a database.
func cache(w *model.World) bson.D {
	limit := int64(1 << 30)
	if c := w.Container("mongo"); c != nil && c.MemoryLimit > 0 {
		limit = max((c.MemoryLimit-1<<30)/2, 256<<20)
	}
	used := min(dataBytes(w), limit)
	return counts("maximum bytes configured", limit, "bytes currently in the cache", used, "tracked dirty bytes in the cache", used/200,
		"pages read into cache", used/block/4, "pages written from cache", w.Mongo.Inserted/20, "unmodified pages evicted", 0, "modified pages evicted", 0)
}

func memory(w *model.World) bson.D {
	resident := 150.0
	if c := w.Container("mongo"); c != nil && c.Memory > 0 {
		resident = c.Memory / (1 << 20)
	}
	return bson.D{{Key: "bits", Value: int32(64)}, {Key: "resident", Value: int32(resident)}, {Key: "virtual", Value: int32(resident*2 + 900)}, {Key: "supported", Value: true}}
}
