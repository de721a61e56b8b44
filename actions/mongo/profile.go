package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// maxProfiled is how many entries of the profiler are read at most.
const maxProfiled = 10_000

type profileParams struct {
	Database   string        `yaml:"database,omitempty" doc:"The database; without it that of the target."`
	Since      *time.Time    `yaml:"since" doc:"Only operations that ended after this time; without it all that the profiler kept."`
	SlowerThan time.Duration `yaml:"slower_than" default:"0s" min:"0s" max:"1h" doc:"Only operations that took at least so long, in whole milliseconds."`
	Limit      int           `yaml:"limit" default:"10" min:"1" max:"100" doc:"How many shapes are returned at most."`
}

type profileOutputs struct {
	Level      *int           `yaml:"level" doc:"What the profiler records: 0 nothing, 1 slow operations, 2 all; nil where the server does not tell."`
	SlowMS     *float64       `yaml:"slow_ms" doc:"From how many milliseconds on an operation is slow for it; nil where the server does not tell."`
	Operations int            `yaml:"operations" doc:"How many recorded operations were looked at."`
	Truncated  bool           `yaml:"truncated" doc:"Whether there were more; the newest 10,000 were looked at."`
	Shapes     []profileShape `yaml:"shapes" doc:"Operations that are alike but for their values, by their time in all, the largest first."`
}

// profileShape are operations of one shape.
type profileShape struct {
	Namespace         string  `yaml:"namespace" doc:"Database and collection."`
	Op                string  `yaml:"op" doc:"What they are: query, getmore, insert, update, remove, command."`
	Shape             string  `yaml:"shape" doc:"The command without its values."`
	Plan              string  `yaml:"plan" doc:"How the slowest found its documents: COLLSCAN, IXSCAN and the keys."`
	Operations        int     `yaml:"operations" doc:"How many there were."`
	TotalMS           float64 `yaml:"total_ms" doc:"Their time in all."`
	MeanMS            float64 `yaml:"mean_ms" doc:"Their mean time."`
	MaxMS             float64 `yaml:"max_ms" doc:"The time of the slowest."`
	DocumentsExamined int     `yaml:"documents_examined" doc:"Documents that they read in all."`
	Returned          int     `yaml:"returned" doc:"Documents that they returned in all."`
	PerSecond         float64 `yaml:"rate_per_second" doc:"How many there were a second, from the first to the last; 0 of a single one."`

	first, last time.Time
}

func (o profileOutputs) Summary() string {
	switch {
	case o.Operations == 0 && o.Level != nil && *o.Level == 0:
		return "the profiler is off and recorded nothing"
	case len(o.Shapes) == 0:
		return "nothing was recorded"
	}
	return fmt.Sprintf("%s in %s; most time: %s", schema.HumanQuantity(o.Operations, "operation", "operations"), schema.HumanQuantity(len(o.Shapes), "shape", "shapes"), o.Shapes[0].Shape)
}

// Profile reads what the profiler recorded.
var Profile = action.New(action.Spec[profileParams, profileOutputs]{
	Name:    "mongo.profile",
	Summary: "Reads what the profiler of a database recorded, operations of one shape together.",
	Example: `
action: mongo.profile
with: {since: '${{ run.started - duration("1h") }}', slower_than: 100ms}
verify: ['none(outputs.shapes, .plan startsWith "COLLSCAN")']
`,
	Target: Target,
	Effect: action.Read,
	Run:    profile,
})

func profile(ctx context.Context, call action.Call, p profileParams) (profileOutputs, error) {
	s, database, err := server.DatabaseOf(call, p.Database)
	if err != nil {
		return profileOutputs{}, err
	}
	status, err := s.Command(ctx, database, bson.D{{Key: "profile", Value: -1}})
	if err != nil {
		return profileOutputs{}, err
	}
	o := profileOutputs{Level: document.FigureAt(status, "was"), SlowMS: document.MillisecondsAt(status, "slowms")}
	n := server.Namespace{Server: s, Database: database, Collection: "system.profile"}
	shapes := map[[3]string]*profileShape{}
	open := func(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) {
		return c.Find(ctx, p.filter(n), options.Find().SetSort(bson.D{{Key: "ts", Value: -1}}).SetLimit(maxProfiled+1))
	}
	err = n.Each(ctx, "find in "+n.String(), open, func(entry bson.Raw) (bool, error) {
		if o.Operations == maxProfiled {
			o.Truncated = true
			return false, nil
		}
		o.Operations++
		gather(shapes, entry)
		return true, nil
	})
	o.Shapes = ranked(shapes, p.Limit)
	return o, err
}

// filter leaves out what the profiler recorded of its own reader.
func (p profileParams) filter(n server.Namespace) bson.D {
	filter := bson.D{{Key: "ns", Value: bson.D{{Key: "$ne", Value: n.String()}}}}
	if ms := p.SlowerThan.Milliseconds(); ms > 0 {
		filter = append(filter, bson.E{Key: "millis", Value: bson.D{{Key: "$gte", Value: ms}}})
	}
	if p.Since != nil {
		filter = append(filter, bson.E{Key: "ts", Value: bson.D{{Key: "$gt", Value: bson.NewDateTimeFromTime(*p.Since)}}})
	}
	return filter
}

// gather adds an entry of the profiler to those of its shape.
func gather(shapes map[[3]string]*profileShape, entry bson.Raw) {
	one := profileShape{Namespace: document.TextAt(entry, "ns"), Op: document.TextAt(entry, "op")}
	if command, ok := entry.Lookup("command").DocumentOK(); ok {
		one.Shape = document.Shape(command)
	}
	key := [3]string{one.Namespace, one.Op, one.Shape}
	s := shapes[key]
	if s == nil {
		s = &one
		shapes[key] = s
	}
	ms := float64(document.IntAt(entry, "millis"))
	if s.Operations == 0 || ms > s.MaxMS {
		s.MaxMS, s.Plan = ms, document.TextAt(entry, "planSummary")
	}
	s.Operations++
	s.TotalMS += ms
	s.DocumentsExamined += document.IntAt(entry, "docsExamined")
	s.Returned += document.IntAt(entry, "nreturned")
	if at, ok := entry.Lookup("ts").DateTimeOK(); ok {
		t := bson.DateTime(at).Time()
		if s.first.IsZero() || t.Before(s.first) {
			s.first = t
		}
		if t.After(s.last) {
			s.last = t
		}
	}
}

// ranked returns the shapes with the most time.
func ranked(shapes map[[3]string]*profileShape, limit int) []profileShape {
	found := make([]profileShape, 0, len(shapes))
	for _, s := range shapes {
		s.MeanMS = s.TotalMS / float64(s.Operations)
		if span := s.last.Sub(s.first).Seconds(); span > 0 {
			s.PerSecond = float64(s.Operations) / span
		}
		found = append(found, *s)
	}
	slices.SortFunc(found, func(a, b profileShape) int {
		return cmp.Or(cmp.Compare(b.TotalMS, a.TotalMS), cmp.Compare(b.Operations, a.Operations), cmp.Compare(a.Namespace+a.Shape, b.Namespace+b.Shape))
	})
	return found[:min(limit, len(found))]
}
