package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type currentOpsParams struct {
	RunningLongerThan time.Duration `yaml:"running_longer_than" default:"1s" min:"0s" max:"30d" doc:"Only operations that run for at least so long, in whole seconds."`
	Namespace         string        `yaml:"namespace,omitempty" doc:"Only those of a database, as mltb, or of a collection, as mltb.tasks."`
}

func (p currentOpsParams) Brief() string {
	text := "longer than " + schema.FormatDuration(p.RunningLongerThan)
	if p.Namespace != "" {
		text += " in " + p.Namespace
	}
	return text
}

type currentOpsOutputs struct {
	Operations []currentOp `yaml:"operations" doc:"The operations of clients, the longest first."`
}

// currentOp is an operation that runs now.
type currentOp struct {
	OpID      string   `yaml:"opid" doc:"Its id, as mongo.kill_op takes it."`
	Namespace string   `yaml:"namespace" doc:"Database and collection."`
	Op        string   `yaml:"op" doc:"What it is: query, getmore, insert, update, remove, command."`
	Seconds   *float64 `yaml:"running_seconds" doc:"For how long it runs; nil where the server does not tell."`
	Plan      string   `yaml:"plan" doc:"How it finds documents: COLLSCAN, IXSCAN and the keys; empty where it has no plan yet."`
	Shape     string   `yaml:"shape" doc:"The command without its values."`
	Client    string   `yaml:"client" doc:"Address of the client; empty where the server does not tell."`
	Waiting   bool     `yaml:"waiting_for_lock" doc:"Whether it waits for a lock."`
}

func (o currentOpsOutputs) Summary() string {
	if len(o.Operations) == 0 {
		return "no operation"
	}
	longest := o.Operations[0]
	return fmt.Sprintf("%s, the longest for %s in %s", schema.HumanQuantity(len(o.Operations), "operation", "operations"), longest.runs(), longest.Namespace)
}

func (o currentOp) runs() string {
	if o.Seconds == nil {
		return "an unknown time"
	}
	return schema.HumanDuration(time.Duration(*o.Seconds * float64(time.Second)))
}

// seconds is for how long it runs, as far as that is told.
func (o currentOp) seconds() float64 {
	if o.Seconds == nil {
		return 0
	}
	return *o.Seconds
}

// CurrentOps reads the operations that run now.
var CurrentOps = action.New(action.Spec[currentOpsParams, currentOpsOutputs]{
	Name:    "mongo.current_ops",
	Summary: "Reads the operations of clients that run now and for long.",
	Example: `
action: mongo.current_ops
with: {running_longer_than: 30s}
verify: [len(outputs.operations) == 0]
`,
	Target: Target,
	Effect: action.Read,
	Run:    currentOps,
})

func currentOps(ctx context.Context, call action.Call, p currentOpsParams) (currentOpsOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return currentOpsOutputs{}, err
	}
	found, err := running(ctx, s, bson.D{{Key: "secs_running", Value: bson.D{{Key: "$gte", Value: int64(p.RunningLongerThan / time.Second)}}}})
	if err != nil {
		return currentOpsOutputs{}, err
	}
	found = slices.DeleteFunc(found, func(o currentOp) bool {
		return p.Namespace != "" && o.Namespace != p.Namespace && !strings.HasPrefix(o.Namespace, p.Namespace+".")
	})
	slices.SortStableFunc(found, func(a, b currentOp) int { return cmp.Compare(b.seconds(), a.seconds()) })
	return currentOpsOutputs{Operations: found}, nil
}

// running returns the operations of clients that match, without this one and
// those that wait for their client.
func running(ctx context.Context, s *server.Server, match bson.D) ([]currentOp, error) {
	command := append(bson.D{{Key: "currentOp", Value: true}, {Key: "active", Value: true}}, match...)
	reply, err := s.Admin(ctx, command)
	if err != nil {
		return nil, err
	}
	var found []currentOp
	for _, doc := range document.DocumentsAt(reply, "inprog") {
		o := currentOpOf(doc)
		_, own := doc.Lookup("command", "currentOp").BooleanOK()
		_, hello := doc.Lookup("command").DocumentOK()
		idle := hello && doc.Lookup("command", "hello").Type != 0
		if o.OpID == "" || o.Namespace == "" || own || idle {
			continue
		}
		found = append(found, o)
	}
	return found, nil
}

func currentOpOf(doc bson.Raw) currentOp {
	o := currentOp{Namespace: document.TextAt(doc, "ns"), Op: document.TextAt(doc, "op"), Plan: document.TextAt(doc, "planSummary"), Client: document.TextAt(doc, "client"), OpID: document.TextAt(doc, "opid")}
	if o.Client == "" {
		o.Client = document.TextAt(doc, "client_s")
	}
	if n, ok := document.NumberAt(doc, "opid"); ok {
		o.OpID = strconv.Itoa(n)
	}
	for name, part := range map[string]float64{"secs_running": 1, "microsecs_running": 1e6} {
		if n, ok := document.NumberAt(doc, name); ok && (part > 1 || o.Seconds == nil) {
			seconds := float64(n) / part
			o.Seconds = &seconds
		}
	}
	o.Waiting, _ = doc.Lookup("waitingForLock").BooleanOK()
	if command, ok := doc.Lookup("command").DocumentOK(); ok {
		o.Shape = document.Shape(command)
	}
	return o
}
