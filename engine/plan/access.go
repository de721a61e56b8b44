package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/schema"
)

// view is the place from which an expression reads: which names and which
// steps it may see.
type view struct {
	c      *compiler
	reader *node                   // nil: the playbook's outputs, which read as a last step
	within bool                    // the reader's own parts may be read: its verify
	names  map[string]*schema.Type // beside those that stand everywhere
	noStep bool                    // lock, target: no steps
}

// name is a name with its type.
type name struct {
	name string
	typ  *schema.Type
}

// env is what the expression compiler asks.
func (v *view) env() *expression.Env {
	names := v.visible()
	e := &expression.Env{Names: make([]string, len(names)), Near: func(word string, from []string) string { return v.c.near("", word, from) }}
	for i, n := range names {
		e.Names[i] = n.name
	}
	e.Name = func(wanted string) *schema.Type {
		for _, n := range names {
			if n.name == wanted {
				return n.typ
			}
		}
		return nil
	}
	if !v.noStep {
		e.Step = v.step
		e.PassedStep = func(id string) *schema.Type { return stepType(v.c.types[id], v.c.steps[id], false) }
		e.Lacks = v.lacks
	}
	return e
}

// visible are all names that the reader may read; of two alike the first
// counts.
func (v *view) visible() []name {
	names := make([]name, 0, 8)
	for n, t := range v.names {
		names = append(names, name{n, t})
	}
	if v.reader != nil {
		names = v.c.surroundings(v.reader, names)
	}
	run := runType
	if v.reader == nil && !v.noStep || v.reader.last() {
		run = runEndType
	}
	return append(names, name{"inputs", v.c.inputs}, name{"vars", v.c.vars()}, name{"environment", v.c.environment()}, name{"run", run})
}

// surroundings adds the names that loops, remedies, undo and finally give to
// what stands in them.
func (c *compiler) surroundings(n *node, names []name) []name {
	if n.last() {
		names = append(names, name{"failure", failureType})
	}
	for x := n; x != nil; x = x.parent {
		if x.step.Loop != nil {
			names = append(names, name{"item", x.step.Loop.Item}, name{"index", schema.IntType})
			if x.step.Loop.As != "" {
				names = append(names, name{x.step.Loop.As, x.step.Loop.Item})
			}
		}
		if x.undoes() { // its own parts have theirs before
			for n, t := range judged(x.parent.step) {
				names = append(names, name{n, t})
			}
		}
		if x.step.Remedy > 0 && x.parent.step.Observed != nil {
			names = append(names, name{"goal", schema.ObjectOf(schema.Field{Name: "observed", Type: x.parent.step.Observed})})
		}
	}
	return names
}

// environment is the type of what is known of where a run acts.
func (c *compiler) environment() *schema.Type {
	groups := c.Groups
	if groups == nil {
		groups = schema.MapOf(schema.ListOf(schema.StringType))
	}
	return schema.ObjectOf(schema.Field{Name: "name", Type: schema.StringType}, schema.Field{Name: "groups", Type: groups})
}

func (c *compiler) vars() *schema.Type {
	if c.Vars != nil {
		return c.Vars
	}
	return schema.MapOf(schema.AnyType)
}

// step answers for `steps.<id>`: its type as this reader must take it, or why
// it may not be read here.
func (v *view) step(id string) (*schema.Type, *expression.Problem) {
	t, ok := v.c.steps[id]
	if !ok {
		return nil, &expression.Problem{Code: CodeNoAncestor, Message: "there is no step " + strconv.Quote(id), Hint: v.meant(id)}
	}
	optional, problem, hint := v.access(t)
	if problem != "" {
		return nil, &expression.Problem{Code: CodeNoAncestor, Message: fmt.Sprintf("step %q %s", id, problem), Hint: hint}
	}
	if optional && v.passed(id) {
		optional = false
	}
	return stepType(v.c.types[id], t, optional), nil
}

// lacks says what to write so that a step has what is read of it.
func (v *view) lacks(id, member string) string {
	s := v.c.steps[id].step
	switch {
	case member == "outputs" && s.Body == BodyBlock:
		return fmt.Sprintf("a block gives what it says: write outputs: {name: ${{ steps.ID.outputs }}} on %s, over the steps in it", id)
	case (member == "observed" || member == "before") && s.Observed == nil:
		return "give step " + id + " an observe: {action: …, with: {…}}"
	}
	return ""
}

// maxListed is how many steps a playbook has of which a hint lists those that can be read.
const maxListed = 12

// meant answers for an id that no step has: the nearest of those that can be read here,
// else all of them.
func (v *view) meant(id string) string {
	c := v.c
	if c.told[CodeNoAncestor]++; c.told[CodeNoAncestor] > maxTold {
		return ""
	}
	if c.ids == nil {
		c.ids = slices.Sorted(maps.Keys(c.steps))
	}
	c.looked += len(c.ids)
	hidden := func(id string) bool { _, problem, _ := v.access(c.steps[id]); return problem != "" }
	if near := diag.NearestThat(id, c.ids, func(id string) bool { return !hidden(id) }); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(c.steps) > maxListed {
		return "give an id to the step that is meant, and let this one wait for it"
	}
	ids := slices.DeleteFunc(slices.Clone(c.ids), hidden)
	if len(ids) == 0 {
		return "no step with an id can be read here"
	}
	return "here there are: " + strings.Join(ids, ", ")
}

// access decides whether the reader may read t, and whether t may not have
// passed by then; of a problem also what to do.
func (v *view) access(t *node) (optional bool, problem, hint string) {
	chain := ancestors(v.reader)
	var common, below *node
	for x := t; x != nil; x = x.parent {
		if i := slices.Index(chain, x.parent); x.parent != nil && i >= 0 {
			common, below = x.parent, x
			break
		}
	}
	if loop := loopBetween(t, common); loop != nil {
		return false, "is in a loop, and can be read only from within it", fromItems(loop, t)
	}
	optional = v.mayNotPass(t, common)
	if v.reader == nil || common == nil {
		last := v.reader == nil || v.reader.phase > t.phase
		if !last {
			return false, "runs later than this one", "move what reads it into `finally`, or into the outputs of the playbook"
		}
		return optional || v.reader != nil && v.reader.phase == inFinally, "", ""
	}
	mine := v.reader
	for mine.parent != common && mine != common {
		mine = mine.parent
	}
	switch {
	case t == v.reader:
		return false, "is this one", "read `outputs`, `observed` or `before`, without steps." + t.step.ID
	case slices.Contains(chain, t):
		return false, "holds this one, and has not ended when it is read", "move what reads it below the step, or into its `verify`"
	case common == v.reader:
		if !v.within {
			return false, "is a part of this one, and has not run when it is read", "move what reads it into `verify`, or below the step"
		}
		return optional, "", ""
	}
	if below.final {
		return false, "runs later than this one", "move what reads it into the `finally` of the block, or below the block"
	}
	waits, looked := common.step.waits(mine.number, below.number)
	if v.c.looked += looked; !waits {
		return false, "is not waited for by this one", waiting(mine, below)
	}
	return optional || mine.final || v.reader.phase == inFinally, "", ""
}

// waiting says how to let a step wait for one beside it.
func waiting(n, other *node) string {
	if n.step.AfterAll || other.step.ID == "" {
		return "move what reads it below step " + other.step.Path
	}
	return fmt.Sprintf("write needs: [%s]%s", strings.Join(append(values(n.tree.Needs), other.step.ID), ", "), map[bool]string{true: " on the block around it"}[len(n.children) > 0])
}

// ancestors are the reader and all that holds it.
func ancestors(n *node) []*node {
	var out []*node
	for ; n != nil; n = n.parent {
		out = append(out, n)
	}
	return out
}

// loopBetween is the outermost loop that holds t and not the reader, nil for none.
func loopBetween(t, common *node) (loop *node) {
	for x := t.parent; x != nil && x != common; x = x.parent {
		if x.tree != nil && x.tree.ForEach != nil {
			loop = x
		}
	}
	return loop
}

// fromItems says how what stands in the items of a loop is read outside of it.
func fromItems(loop, t *node) string {
	if loop.step.ID == "" || !loop.tree.Has("steps") {
		return "move what reads it into the loop"
	}
	return fmt.Sprintf("move what reads it into the loop; or write outputs: {name: ${{ steps.%s.outputs }}} on %s, and read the list steps.%s.outputs", t.step.ID, loop.step.ID, loop.step.ID)
}

// mayNotPass: t has or is in a `when`, or is in a remedy, that the reader is
// not in; or it has or is under `continue` or `warn`, up to the innermost
// container of both. That of a loop is about its items: in one a block stops at its
// first failure.
func (v *view) mayNotPass(t, common *node) bool {
	for x := t; x != nil && x != common; x = x.parent {
		if x.tree != nil && (x.tree.When.Set() || x.step.Remedy > 0) || mild(x.step.OnFailure) {
			return true
		}
	}
	return common != nil && common.step.Loop == nil && mild(common.step.OnFailure)
}

func mild(f OnFailure) bool { return f == Continue || f == Warn }

// passed: the `when` of the reader, or of what holds it, asks that the step
// has passed.
func (v *view) passed(id string) bool {
	for x := v.reader; x != nil; x = x.parent {
		if x.step.When != nil && slices.Contains(x.step.When.Expr.Guards(), id) {
			return true
		}
	}
	return false
}

// stepType is the type of `steps.<id>`.
func stepType(ts *typeSet, n *node, optional bool) *schema.Type {
	fields := []schema.Field{
		{Name: "state", Type: stateType}, {Name: "error", Type: schema.StringType},
		{Name: "duration", Type: schema.DurationType}, {Name: "attempts", Type: schema.IntType},
	}
	add := func(name string, t *schema.Type) {
		if t == nil {
			return
		}
		if n.step.Loop != nil {
			if mild(n.step.OnFailure) {
				t = t.AsOptional()
			}
			t = schema.ListOf(t)
		}
		if optional {
			t = t.AsOptional()
		}
		fields = append(fields, schema.Field{Name: name, Type: t})
	}
	if ts != nil {
		add("outputs", ts.outputs)
		add("observed", ts.observed)
		add("before", ts.observed)
	}
	return schema.ObjectOf(fields...)
}

// The types of names that stand everywhere.
var (
	stateType = schema.EnumOf(
		string(event.Passed), string(event.Warned), string(event.Failed), string(event.Refused), string(event.Cancelled),
		string(event.Skipped), string(event.NotRun), string(event.Undone), string(event.UndoFailed),
	)
	runType    = schema.ObjectOf(schema.Field{Name: "id", Type: schema.StringType}, schema.Field{Name: "started", Type: schema.TimeType})
	runEndType = schema.ObjectOf(append(slices.Clone(runType.Fields),
		schema.Field{Name: "passed", Type: schema.IntType}, schema.Field{Name: "warned", Type: schema.IntType},
		schema.Field{Name: "failed", Type: schema.IntType}, schema.Field{Name: "skipped", Type: schema.IntType},
		schema.Field{Name: "findings", Type: schema.ListOf(schema.ObjectOf(
			schema.Field{Name: "step", Type: schema.StringType}, schema.Field{Name: "title", Type: schema.StringType},
			schema.Field{Name: "level", Type: schema.StringType}, schema.Field{Name: "message", Type: schema.StringType},
		))},
	)...)
	failureType = schema.ObjectOf(
		schema.Field{Name: "reason", Type: schema.EnumOf("", "failed", "refused", "cancelled", "timed_out")},
		schema.Field{Name: "step", Type: schema.StringType}, schema.Field{Name: "title", Type: schema.StringType},
		schema.Field{Name: "message", Type: schema.StringType},
	)
)
