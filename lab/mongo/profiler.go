package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/model"
)

// profileName is the collection of what the profiler notes.
const profileName = "system.profile"

// kept is how many entries the profiler keeps.
const kept = 400

// level is that of the profiler in a database; of the service's it is the model's.
func (s *Server) level(w *model.World, database string) int {
	if database == model.Project {
		return w.Mongo.ProfileLevel
	}
	return s.levels[database]
}

// profiles says whether a command that takes so long is to be noted.
func (s *Server) profiles(w *model.World, database string, took time.Duration) bool {
	switch s.level(w, database) {
	case 1:
		return took >= time.Duration(w.Mongo.SlowMS)*time.Millisecond
	case 2:
		return true
	}
	return false
}

// setProfile reads and sets the level of the profiler, and what is slow.
func (c *call) setProfile() (bson.D, error) {
	level := number(c.body, "profile", -1)
	var was, slow int
	err := c.on(func(w *model.World) error {
		was, slow = c.server.level(w, c.database()), w.Mongo.SlowMS
		if level >= 0 && level <= 2 {
			if c.server.levels[c.database()] = int(level); c.database() == model.Project {
				w.Mongo.ProfileLevel = int(level)
			}
			if level > 0 {
				database(w, c.database()).Collection(profileName)
			}
		}
		if limit := c.number("slowms", -1); limit >= 0 {
			w.Mongo.SlowMS = int(limit)
		}
		return nil
	})
	return bson.D{{Key: "was", Value: int32(was)}, {Key: "slowms", Value: int32(slow)}, {Key: "sampleRate", Value: 1.0}}, err
}

// profile notes the command where the profiler wants it.
func (c *call) profile() {
	if !c.spent.noted || c.name == "profile" {
		return
	}
	entry := c.entry()
	c.server.model.Change(func(w *model.World) {
		col := database(w, c.database()).Collection(profileName)
		_ = col.Insert(append(entry, bson.E{Key: "ts", Value: bson.NewDateTimeFromTime(w.Now)})) // it has no _id of its own
		if col.Len() > kept {
			_, _, _ = col.Delete(bson.D{}, kept/4)
		}
	})
}

// entry is what the profiler notes.
func (c *call) entry() bson.D {
	p, command := c.spent.plan, bson.D{}
	for _, e := range c.body {
		switch e.Key {
		case "documents", "updates", "deletes":
			if list, ok := e.Value.(bson.A); ok && len(list) > 0 && e.Key != "documents" {
				command = append(command, bson.E{Key: e.Key, Value: list[:1]})
			}
		default:
			command = append(command, e)
		}
	}
	d := bson.D{{Key: "op", Value: c.kind()}, {Key: "ns", Value: c.subject()}, {Key: "command", Value: command}}
	if c.spent.planned {
		d = append(d, bson.E{Key: "keysExamined", Value: int32(p.KeysExamined)}, bson.E{Key: "docsExamined", Value: int32(p.DocsExamined)},
			bson.E{Key: "planSummary", Value: model.PlanSummary(p)})
	}
	d = append(d, c.spent.changed...)
	d = append(d, bson.E{Key: "nreturned", Value: int32(c.spent.returned)}, bson.E{Key: "millis", Value: int32(c.spent.took.Milliseconds())},
		bson.E{Key: "client", Value: c.connection.address()}, bson.E{Key: "appName", Value: c.connection.application()})
	user := ""
	for _, u := range c.connection.login.users {
		user = text(u, "user") + "@" + text(u, "db")
	}
	return append(d, bson.E{Key: "user", Value: user})
}
