package mongo

import (
	"context"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
)

type killOpParams struct {
	OpID string `yaml:"opid" pattern:"^[0-9A-Za-z_:.-]+$" doc:"Id of the operation, as mongo.current_ops gives it."`
}

func (p killOpParams) Brief() string { return p.OpID }

type killOpOutputs struct {
	OpID  string `yaml:"opid" doc:"Id of the operation."`
	Found bool   `yaml:"found" doc:"Whether it was running; false: it had ended by itself."`
}

func (o killOpOutputs) Summary() string {
	if !o.Found {
		return "operation " + o.OpID + " had ended by itself"
	}
	return "operation " + o.OpID + " told to end"
}

// KillOp ends an operation.
var KillOp = action.New(action.Spec[killOpParams, killOpOutputs]{
	Name:    "mongo.kill_op",
	Summary: "Tells the server to end one operation of a client; the client gets an error.",
	Example: `
for_each: ${{ steps.slow.outputs.operations }}
action: mongo.kill_op
with: {opid: "${{ item.opid }}"}
observe: {action: mongo.current_ops, with: {running_longer_than: 30s}}
verify: ["none(observed.operations, .opid == item.opid)"]
within: 10s
`,
	Target:     Target,
	Effect:     action.Write,
	Idempotent: true, // ids are not used again while the server runs
	Run:        killOp,
	Preview:    previewKill,
	Subjects: func(ctx context.Context, call action.Call, p killOpParams) ([]action.Subject, error) {
		_, o, err := p.find(ctx, call)
		if err != nil || o == nil {
			return nil, err
		}
		return []action.Subject{{Kind: "operation", Name: o.Op + " in " + o.Namespace, ID: o.OpID}}, nil
	},
	Look: func(call action.Call, p killOpParams, _ []action.Subject) string {
		return evaluating(call, "", "db.currentOp(true).inprog.filter(o => o.opid == "+quoted(p.OpID)+")")
	},
	Settle: func(ctx context.Context, call action.Call, p killOpParams, _ []action.Subject) (action.Applied, *killOpOutputs, error) {
		_, o, err := p.find(ctx, call)
		if err != nil || o != nil {
			return action.AppliedLost, nil, err
		}
		return action.AppliedFully, &killOpOutputs{OpID: p.OpID, Found: true}, nil
	},
})

// value is the id as the server has it: a number, or of a shard a text.
func (p killOpParams) value() any {
	if n, err := strconv.ParseInt(p.OpID, 10, 64); err == nil {
		return document.EncodeInt(n)
	}
	return p.OpID
}

// find returns the operation, nil where it does not run.
func (p killOpParams) find(ctx context.Context, call action.Call) (*server.Server, *currentOp, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, nil, err
	}
	found, err := running(ctx, s, bson.D{{Key: "opid", Value: p.value()}})
	if err != nil || len(found) == 0 {
		return s, nil, err
	}
	return s, &found[0], nil
}

func killOp(ctx context.Context, call action.Call, p killOpParams) (killOpOutputs, error) {
	s, o, err := p.find(ctx, call)
	if err != nil {
		return killOpOutputs{}, action.NotApplied(err)
	}
	if o == nil {
		return killOpOutputs{OpID: p.OpID, Found: call.Again}, nil // the first attempt met it
	}
	if _, err := s.Admin(ctx, bson.D{{Key: "killOp", Value: 1}, {Key: "op", Value: p.value()}}); err != nil {
		return killOpOutputs{}, err
	}
	return killOpOutputs{OpID: p.OpID, Found: true}, nil
}

func previewKill(ctx context.Context, call action.Call, p killOpParams) (action.Preview, error) {
	_, o, err := p.find(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	if o == nil {
		return action.Preview{Summary: "operation " + p.OpID + " does not run (any more)"}, nil
	}
	preview := action.Preview{
		Summary: fmt.Sprintf("end the %s %s in %s, which runs for %s", o.Op, o.OpID, o.Namespace, o.runs()),
		Touches: []action.Object{{Kind: "operation", Name: o.OpID, Note: o.Shape}},
	}
	if o.Client != "" {
		preview.Interrupts = []string{"the client " + o.Client}
	}
	return preview, nil
}
