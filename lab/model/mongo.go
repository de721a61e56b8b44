package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
)

// Mongo is the database server.
type Mongo struct {
	Up           bool
	Started      time.Time
	Databases    map[string]*document.Database
	Users        []User
	Operations   []*Operation // that have been running for long
	ProfileLevel int          // 0 off, 1 slow ones, 2 all
	SlowMS       int
	Connections  int
	Queried      float64 // operations since the start
	Inserted     float64
	Updated      float64
	Deleted      float64

	latencyMS float64 // mean of the app's queries
	load      float64 // processors
	plans     []queryPlan
	indexes   string
	nextOp    int32
}

// User is a user of the database.
type User struct {
	Name, Database string
	Roles          []string
	Password       string
}

// Operation is one that runs until it is killed.
type Operation struct {
	ID        int32
	Kind      string // query, command, update
	Namespace string // mltb.downloads
	Command   bson.D
	Plan      string // COLLSCAN
	Client    string
	Started   time.Time
}

// queryPlan is how a query that the app makes is answered now.
type queryPlan struct {
	collection string
	filter     bson.D
	sort       bson.D
	share      float64 // of the app's queries
	plan       document.Plan
}

// The cost of a query, in milliseconds: a measure of a small server.
const (
	queryMS    = 3.5
	documentMS = 0.1  // each that is examined
	keyMS      = 0.01 // each key
)

// QueryTime is how long a query that examined so much takes now.
func (m *Mongo) QueryTime(p document.Plan) time.Duration {
	ms := queryMS + float64(p.DocsExamined)*documentMS + float64(p.KeysExamined)*keyMS
	return time.Duration(ms * m.contention() * float64(time.Millisecond))
}

// contention is how much slower everything is by what runs beside it.
func (m *Mongo) contention() float64 { return 1 + 28*float64(len(m.Operations)) }

func newMongo(w *World) Mongo {
	m := Mongo{
		Up: true, Started: w.Now.Add(-36 * time.Hour), Databases: map[string]*document.Database{}, SlowMS: 100, Connections: 14, nextOp: 4100,
		Queried: 2_900_000, Inserted: 61_000, Updated: 410_000, Deleted: 900,
	}
	m.Users = []User{
		{Name: "admin", Database: "admin", Roles: []string{"root"}},
		{Name: Project, Database: Project, Roles: []string{"readWrite"}},
		{Name: "backup", Database: "admin", Roles: []string{"backup"}},
	}
	for _, name := range []string{Project, "admin", "local", "config"} {
		d := document.New(name)
		d.Now = func() time.Time { return w.Now }
		m.Databases[name] = d
	}
	fill(w, m.Databases[Project])
	return m
}

// start is a new process.
func (m *Mongo) start(now time.Time) {
	m.Started, m.Operations, m.Connections = now, nil, 4
	m.Queried, m.Inserted, m.Updated, m.Deleted = 0, 0, 0, 0
}

// Kill ends a long operation; it says whether there was one of that ID.
func (m *Mongo) Kill(id int32) bool {
	before := len(m.Operations)
	m.Operations = slices.DeleteFunc(m.Operations, func(o *Operation) bool { return o.ID == id })
	return len(m.Operations) < before
}

// stepMongo answers the app's queries of a second.
func (w *World) stepMongo() {
	m := &w.Mongo
	if !m.Up {
		m.latencyMS, m.load = 0, 0
		return
	}
	m.plan(w)
	var mean float64
	for _, q := range m.plans {
		mean += q.share * float64(m.QueryTime(q.plan)) / float64(time.Millisecond)
	}
	m.latencyMS = w.around(mean, 0.05)
	m.Queried += w.Traffic.Rate * w.Traffic.queries
	m.load = math.Min(1.8, w.Traffic.Rate*w.Traffic.queries*mean/8000+0.8*float64(len(m.Operations)))
	m.Connections = 4 + int(w.App.Pool.Active) + 2*w.Downloads.Workers
	w.profile()
}

// plan asks how the app's queries are answered, where the indexes have changed.
func (m *Mongo) plan(w *World) {
	if now := indexNames(w.Database()); now != m.indexes || m.plans == nil {
		m.indexes, m.plans = now, nil
		user := int32(1000 + w.Seed%200)
		for _, q := range []queryPlan{
			{collection: "downloads", filter: bson.D{{Key: "user_id", Value: user}, {Key: "status", Value: "completed"}}, sort: bson.D{{Key: "created_at", Value: int32(-1)}}, share: 0.35},
			{collection: "downloads", filter: bson.D{{Key: "link_hash", Value: linkHash(7)}}, share: 0.15},
			{collection: "users", filter: bson.D{{Key: "user_id", Value: user}}, share: 0.3},
			{collection: "tasks", filter: bson.D{{Key: "user_id", Value: user}, {Key: "status", Value: "processing"}}, share: 0.2},
		} {
			if c, ok := w.Database().Lookup(q.collection); ok {
				if r, err := c.Find(document.Query{Filter: q.filter, Sort: q.sort, Limit: 20}); err == nil {
					q.plan = r.Plan
				}
			}
			m.plans = append(m.plans, q)
		}
	}
}

func indexNames(d *document.Database) string {
	var b strings.Builder
	for _, name := range d.Names() {
		if name == "system.profile" {
			continue
		}
		c, _ := d.Lookup(name)
		b.WriteString(name)
		for _, i := range c.Indexes() {
			b.WriteString(" " + i.Name)
		}
	}
	return b.String()
}

// profile notes the app's slow queries where the profiler is on.
func (w *World) profile() {
	m := &w.Mongo
	if m.ProfileLevel == 0 {
		return
	}
	for _, q := range m.plans {
		if took := m.QueryTime(q.plan); m.ProfileLevel == 2 || took >= time.Duration(m.SlowMS)*time.Millisecond {
			w.Profile(q.collection, q.filter, q.sort, q.plan, took, "10.0.0.4:51012")
		}
	}
}

// Profile writes a query into system.profile, as the profiler does.
func (w *World) Profile(collection string, filter, sort bson.D, p document.Plan, took time.Duration, client string) {
	command := bson.D{{Key: "find", Value: collection}, {Key: "filter", Value: filter}}
	if len(sort) > 0 {
		command = append(command, bson.E{Key: "sort", Value: sort})
	}
	c := w.Database().Collection("system.profile")
	_ = c.Insert(bson.D{ // only a document without an _id of its own can fail here
		{Key: "op", Value: "query"}, {Key: "ns", Value: Project + "." + collection}, {Key: "command", Value: command},
		{Key: "keysExamined", Value: int32(p.KeysExamined)}, {Key: "docsExamined", Value: int32(p.DocsExamined)},
		{Key: "nreturned", Value: int32(p.Returned)}, {Key: "millis", Value: int32(took.Milliseconds())},
		{Key: "planSummary", Value: PlanSummary(p)}, {Key: "queryHash", Value: fmt.Sprintf("%08X", uint32(hash(collection+shape(filter))))},
		{Key: "ts", Value: bson.NewDateTimeFromTime(w.Now)}, {Key: "client", Value: client}, {Key: "user", Value: Project + "@" + Project},
	})
	if c.Len() > 400 {
		_, _, _ = c.Delete(bson.D{}, 100)
	}
}

// PlanSummary is how MongoDB writes a plan in a few words.
func PlanSummary(p document.Plan) string {
	for i := &p; i != nil; i = i.Input {
		switch {
		case i.Stage == "COLLSCAN" || i.Stage == "IDHACK":
			return i.Stage
		case i.Index != "":
			var keys []string
			for _, e := range i.Keys {
				keys = append(keys, fmt.Sprintf("%s: %v", e.Key, e.Value))
			}
			return "IXSCAN { " + strings.Join(keys, ", ") + " }"
		}
	}
	return p.Stage
}

func shape(filter bson.D) string {
	var names []string
	for _, e := range filter {
		names = append(names, e.Key)
	}
	return strings.Join(names, ",")
}
