package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/gate"
	"runbook/lab/model"
)

// call is one command of a client.
type call struct {
	server     *Server
	connection *connection
	message    *message
	body       bson.D
	name       string
	visit      *gate.Visit // nil of what is not counted
	op         *operation  // nil of what is not counted
	spent      spent
}

// spent is what a command cost.
type spent struct {
	took     time.Duration // of the lab
	planned  bool          // it asked the planner
	plan     document.Plan
	returned int64
	changed  bson.D // counts for the profiler
	limited  bool   // maxTimeMS was too short
	noted    bool   // the profiler is to note it
}

// enter passes the gate. What only greets is not counted.
func (c *call) enter(ctx context.Context) (err error) {
	what := c.server.commands[c.name]
	if what.quiet {
		c.connection.login.release()
		return c.server.gate.Admit(ctx)
	}
	c.visit, err = c.server.gate.Enter(ctx, c.title(), what.changes != nil && what.changes(c))
	return err
}

// title is the name of the call for people: "update tasks".
func (c *call) title() string {
	switch v := c.body[0].Value.(type) {
	case string:
		return c.name + " " + v
	case bson.D:
		if len(v) > 0 {
			return fmt.Sprintf("%s %s %v", c.name, v[0].Key, v[0].Value)
		}
	}
	if op, ok := field(c.body, "op"); ok {
		return fmt.Sprintf("%s %v", c.name, op)
	}
	return c.name
}

// leave ends the visit.
func (c *call) leave() {
	if c.visit != nil {
		c.visit.Leave()
	}
}

// replies says whether the answer is to be sent.
func (c *call) replies() bool { return c.visit == nil || c.visit.Replies() }

// run does the command and lets its time pass.
func (c *call) run(ctx context.Context) bson.D {
	what, known := c.server.commands[c.name]
	if !known {
		return failure(mistake(value.CommandNotFound, "no such command: '%s'", c.name))
	}
	if err := c.admit(what); err != nil {
		return failure(err)
	}
	if c.visit == nil {
		return c.outcome(what.do(c))
	}
	ctx, end := c.server.begin(ctx, c)
	defer end()
	reply := c.outcome(what.do(c))
	if err := c.pass(ctx); err != nil {
		return failure(err)
	}
	c.profile()
	return reply
}

func (c *call) outcome(reply bson.D, err error) bson.D {
	if err != nil {
		return failure(err)
	}
	return append(reply, bson.E{Key: "ok", Value: 1.0})
}

// pass lets the time of the command pass; it may be killed meanwhile.
func (c *call) pass(ctx context.Context) error {
	if limit := c.number("maxTimeMS", 0); limit > 0 && c.name != "getMore" && time.Duration(limit)*time.Millisecond < c.spent.took {
		c.spent.took, c.spent.limited = time.Duration(limit)*time.Millisecond, true
	}
	_ = c.visit.Pause(ctx, c.spent.took)
	switch {
	case c.op.killed.Load():
		return mistake(value.Interrupted, "operation was interrupted")
	case c.spent.limited && c.spent.planned && !c.writes():
		return mistake(value.MaxTimeExpired, "operation exceeded time limit")
	}
	return nil
}

func (c *call) writes() bool {
	what := c.server.commands[c.name]
	return what.changes != nil && what.changes(c)
}

// admit refuses what may not be done, before it is looked at.
func (c *call) admit(what command) error {
	switch database := c.database(); {
	case c.message.op == opQuery && !what.open:
		return mistake(value.OldCommand, "Unsupported OP_QUERY command: %s. The client driver may require an upgrade. For more details see https://dochub.mongodb.org/core/legacy-opcode-removal", c.name)
	case c.message.op != opQuery && database == "":
		return mistake("40571", "OP_MSG requests require a $db argument")
	case !validDatabase(database):
		return mistake(value.InvalidNamespace, "Invalid database name: '%s'", database)
	case what.admin && database != "admin":
		return mistake(value.Unauthorized, "%s may only be run against the admin database.", c.name)
	}
	if !what.open && c.server.guarded && !c.connection.login.done() {
		return mistake(value.Unauthorized, "Command %s requires authentication", c.name)
	}
	if err := refuse(c.body[1:], "collation", "let", "min", "max", "hint", "returnKey", "showRecordId"); err != nil {
		return err
	}
	return c.admitTransaction()
}

// admitTransaction refuses transactions, which need a replica set.
func (c *call) admitTransaction() error {
	_, numbered := field(c.body, "txnNumber")
	_, within := field(c.body, "autocommit")
	if numbered || within {
		return mistake(value.IllegalOperation, "Transaction numbers are only allowed on a replica set member or mongos")
	}
	return nil
}

// on calls do with the world, to read or to change it, and notes whether the
// profiler wants to know of the command.
func (c *call) on(do func(*model.World) error) error {
	var err error
	c.server.model.Change(func(w *model.World) {
		w.Mongo.Queried += c.counts()
		if err = do(w); err == nil && c.spent.took == 0 {
			c.spent.took = w.Mongo.QueryTime(document.Plan{}) / 8
		}
		c.spent.noted = c.server.profiles(w, c.database(), c.spent.took)
	})
	return err
}

// counts is 1 for what opcounters calls a query.
func (c *call) counts() float64 {
	if c.name == "find" {
		return 1
	}
	return 0
}

// examined adds what a plan cost.
func (c *call) examined(w *model.World, p document.Plan) {
	c.spent.took += w.Mongo.QueryTime(p)
	if !c.spent.planned || p.DocsExamined+p.KeysExamined > c.spent.plan.DocsExamined+c.spent.plan.KeysExamined {
		c.spent.plan = p
	}
	c.spent.planned = true
	t := c.server.tally.of(w)
	t.scanned += p.KeysExamined
	t.examined += p.DocsExamined
}

// account counts a command that was answered.
func (c *call) account(received, sent int) {
	c.server.model.Look(func(w *model.World) {
		t := c.server.tally.of(w)
		t.requests++
		t.received += int64(received)
		t.sent += int64(sent)
		t.returned += c.spent.returned
		switch c.name {
		case "find", "insert", "update", "delete":
		case "getMore":
			t.getMores++
		default:
			t.commands++
		}
	})
}

// failure is the answer to a command that could not be done.
func failure(err error) bson.D {
	known := &document.Error{Code: 1, Name: "InternalError", Message: err.Error()}
	_ = errors.As(err, &known)
	answer := bson.D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: known.Message}, {Key: "code", Value: known.Code}, {Key: "codeName", Value: known.Name}}
	if known.KeyPattern != nil {
		answer = append(answer, bson.E{Key: "keyPattern", Value: known.KeyPattern}, bson.E{Key: "keyValue", Value: known.KeyValue})
	}
	return answer
}
