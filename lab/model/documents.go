package model

import (
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
)

// How many documents the service has.
const (
	userCount     = 400
	downloadCount = 4000
	doneCount     = 200 // tasks that are done
)

// Index is one that the service needs.
type Index struct {
	Collection string
	document.Index
}

// Indexes are what the service needs.
func Indexes() []Index {
	index := func(collection string, unique bool, keys ...any) Index {
		i := Index{Collection: collection, Index: document.Index{Unique: unique}}
		for k := 0; k < len(keys); k += 2 {
			name, order := keys[k].(string), int32(keys[k+1].(int))
			i.Keys = append(i.Keys, bson.E{Key: name, Value: order})
			if i.Name != "" {
				i.Name += "_"
			}
			i.Name += fmt.Sprintf("%s_%d", name, order)
		}
		return i
	}
	return []Index{
		index("users", false, "user_id", 1),
		index("users", false, "status", 1),
		index("users", false, "created_at", -1),
		index("downloads", false, "user_id", 1, "status", 1),
		index("downloads", false, "user_id", 1, "status", 1, "created_at", -1),
		index("downloads", false, "created_at", -1),
		index("downloads", true, "link_hash", 1),
		index("tasks", false, "user_id", 1, "status", 1),
		index("tasks", true, "gid", 1),
		index("tasks", false, "updated_at", -1),
	}
}

// MissingIndexes are the names, as downloads.link_hash_1, of those that the
// service needs and does not have.
func (w *World) MissingIndexes() []string {
	var missing []string
	have := map[string]bool{}
	for _, name := range w.Database().Names() {
		c, _ := w.Database().Lookup(name)
		for _, i := range c.Indexes() {
			have[spec(name, i)] = true
		}
	}
	for _, i := range Indexes() {
		if !have[spec(i.Collection, i.Index)] {
			missing = append(missing, i.Collection+"."+i.Name)
		}
	}
	return missing
}

// spec tells indexes of other keys or options apart.
func spec(collection string, i document.Index) string {
	var b strings.Builder
	b.WriteString(collection)
	for _, e := range i.Keys {
		fmt.Fprintf(&b, " %s %v", e.Key, e.Value)
	}
	if i.Unique {
		b.WriteString(" unique")
	}
	return b.String()
}

// fill gives the database its documents and indexes.
func fill(w *World, d *document.Database) {
	insert := func(collection string, doc bson.D) {
		if err := d.Collection(collection).Insert(doc); err != nil {
			panic(fmt.Sprintf("the lab's own documents do not fit: %v", err))
		}
	}
	date := func(days float64) bson.DateTime {
		return bson.NewDateTimeFromTime(w.Now.Add(-time.Duration(days * 24 * float64(time.Hour))))
	}
	status := []string{"active", "active", "active", "trial", "blocked"}
	for i := range userCount {
		insert("users", bson.D{
			{Key: "_id", Value: documentID(1, i)}, {Key: "user_id", Value: int32(1000 + i)}, {Key: "name", Value: fmt.Sprintf("user%03d", i)},
			{Key: "status", Value: status[i%len(status)]}, {Key: "created_at", Value: date(float64(userCount-i) + w.chance())},
		})
	}
	done := []string{"completed", "completed", "completed", "failed"}
	for i := range downloadCount {
		insert("downloads", bson.D{
			{Key: "_id", Value: documentID(2, i)}, {Key: "user_id", Value: int32(1000 + w.random.IntN(userCount))}, {Key: "status", Value: done[i%len(done)]},
			{Key: "link_hash", Value: linkHash(i)}, {Key: "size_bytes", Value: int64(1+w.random.IntN(4000)) * MiB}, {Key: "created_at", Value: date(float64(downloadCount-i)/40 + w.chance()/40)},
		})
	}
	for i := range doneCount {
		insert("tasks", w.newTask(i, done[i%len(done)], clientNames[i%2], date(float64(doneCount-i)/48)))
	}
	for _, i := range Indexes() {
		if _, err := d.Collection(i.Collection).CreateIndex(i.Index); err != nil {
			panic(fmt.Sprintf("the lab's own indexes do not fit: %v", err))
		}
	}
}

func (w *World) newTask(number int, status, client string, at bson.DateTime) bson.D {
	progress := int32(0)
	if status == "completed" {
		progress = 100
	}
	return bson.D{
		{Key: "_id", Value: documentID(3, number)}, {Key: "gid", Value: gid(number)}, {Key: "user_id", Value: int32(1000 + w.random.IntN(userCount))},
		{Key: "status", Value: status}, {Key: "client", Value: client}, {Key: "progress", Value: progress},
		{Key: "created_at", Value: at}, {Key: "updated_at", Value: at},
	}
}

func documentID(kind, number int) bson.ObjectID {
	var id bson.ObjectID
	copy(id[:], fmt.Sprintf("lab%d%08d", kind, number))
	return id
}

func gid(number int) string      { return fmt.Sprintf("%016x", hash(fmt.Sprint("task ", number))) }
func linkHash(number int) string { return fmt.Sprintf("%016x", hash(fmt.Sprint("link ", number))) }
