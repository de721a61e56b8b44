package plan

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// Options are what a tree is compiled against.
type Options struct {
	Registry *action.Registry
	// Vars is the type of the environment's variables, an Object; nil where no
	// environment is known: then each variable has any type.
	Vars *schema.Type
	// Groups is the type of the environment's groups of targets, an Object of lists;
	// nil where no environment is known.
	Groups *schema.Type
	// Roles are those that the file of the environment names; nil where none is known.
	Roles []string
	// Callee finds the compiled playbook that a step calls; from is the caller's
	// source. An error is a *CallError, or says that there is none.
	Callee func(name string, from *yaml.Source) (*Plan, error)
}

// CallError says what is wrong with a playbook that a step calls.
type CallError struct{ Code, Message, Hint string }

// Error implements error.
func (e *CallError) Error() string { return e.Message }

// Recursion is the error of playbooks that call each other: the names of those
// around the call, and at last the one that is among them.
func Recursion(names []string) *CallError {
	return &CallError{Code: CodeRecursion, Message: "playbooks call each other: " + strings.Join(names, " → "), Hint: "take one of the calls away"}
}

// Mistaken is the error of a playbook with mistakes: they are its own report.
func Mistaken(name string) *CallError {
	return &CallError{Code: CodeUnknownPlaybook, Message: fmt.Sprintf("playbook %q has mistakes", name), Hint: "runbook validate " + name}
}

// DefaultParallel is how many actions of a run act at once.
const DefaultParallel = 16

// Compile turns a tree into a plan. The diagnostics hold all that is wrong with
// it, in the order of the file; with an error among them the plan is nil.
func Compile(tree *playbook.Playbook, o Options) (*Plan, diag.List) {
	c := newCompiler(tree, o)
	p := c.playbook()
	c.list.Sort()
	if c.list.Errors() > 0 {
		return nil, c.list
	}
	return p, c.list
}

// compiler is one playbook being compiled.
type compiler struct {
	Options
	tree *playbook.Playbook
	plan *Plan
	list diag.List

	steps  map[string]*node    // by id
	used   map[string]bool     // inputs that an expression reads
	types  map[string]*typeSet // of steps, when compiled
	inputs *schema.Type

	ids    []string       // of all steps, sorted, once they were asked for
	errors int            // in the list
	told   map[string]int // wrong words that were answered, by code
	looked int            // words and joins that were looked at
}

// node is a step on its way from tree to plan.
type node struct {
	tree     *playbook.Step
	step     *Step
	parent   *node
	children []*node
	number   int
	phase    phase
	finally  *node // of a block
	final    bool  // it is what finally stands for: of a block or of the playbook
}

// blocks are the nodes of a step that hold others: itself, and its finally.
func (n *node) blocks() []*node {
	if n.finally == nil {
		return []*node{n}
	}
	return []*node{n, n.finally}
}

// last reports whether n stands in a finally.
func (n *node) last() bool {
	for ; n != nil; n = n.parent {
		if n.final {
			return true
		}
	}
	return false
}

// phase is the part of a playbook that a step stands in.
type phase uint8

const (
	inPrerequisites phase = iota
	inSteps
	inFinally
)

// typeSet is what a finished step shows to those that may read it.
type typeSet struct{ outputs, observed *schema.Type }

func newCompiler(tree *playbook.Playbook, o Options) *compiler {
	return &compiler{
		Options: o, tree: tree,
		steps: map[string]*node{}, used: map[string]bool{}, types: map[string]*typeSet{}, told: map[string]int{},
		plan: &Plan{byID: map[string]*Step{}, vars: map[string]bool{}, groups: map[string]bool{}, keyed: map[string]bool{}},
	}
}

// playbook compiles the whole tree.
func (c *compiler) playbook() *Plan {
	c.head()
	c.inputs = c.inputTypes()
	c.plan.Inputs = c.inputs
	c.locks()
	pre := c.phaseBlock(inPrerequisites, c.prerequisites())
	steps := c.phaseBlock(inSteps, c.tree.Steps)
	steps.step.OnFailure = c.plan.OnFailure
	finally := c.phaseBlock(inFinally, c.tree.Finally)
	finally.step.OnFailure, finally.final = Continue, true
	c.plan.Prerequisites, c.plan.Steps, c.plan.Finally = pre.step, steps.step, finally.step
	for _, n := range []*node{pre, steps, finally} {
		c.order(n)
	}
	c.parts(pre)
	c.parts(steps)
	c.parts(finally)
	c.outputs()
	c.ofPlaybook(steps)
	c.unusedInputs()
	slices.SortStableFunc(c.plan.numbers, func(a, b *number) int { return a.at.Compare(b.at) })
	c.plan.takes = ofFile(c.plan).all(c.plan)
	if limit := c.plan.Timeout; limit > 0 && c.plan.takes > limit {
		c.short(c.tree.Timeout, fmt.Sprintf(wholeTakes, schema.FormatDuration(c.plan.takes)))
	}
	return c.plan
}

// order lists the plan's steps in the order of the file: parts follow what
// holds them.
func (c *compiler) order(n *node) {
	for _, block := range n.blocks() {
		for _, child := range block.children {
			c.plan.order = append(c.plan.order, child.step)
			c.order(child)
		}
	}
}

func (c *compiler) head() {
	t, p := c.tree, c.plan
	p.Name, p.Title, p.Category, p.Purpose, p.Expected = t.Name.Value, t.Title.Value, t.Category.Value, t.Purpose.Value, t.Expected.Value
	p.Symptoms, p.Alerts, p.SeeAlso = values(t.Symptoms), values(t.Alerts), values(t.SeeAlso)
	p.Source = t.Source
	p.Timeout, p.MaxParallel = t.Timeout.Value, t.MaxParallel.Or(DefaultParallel)
	p.OnFailure = onFailure(t.OnFailure)
	if e := t.Escalation; e != nil {
		p.Escalation = &event.Escalation{After: e.After.Value, Contact: e.Contact.Value}
	}
	for _, w := range []struct {
		name string
		set  bool
	}{{"title", t.Title.Set()}, {"purpose", t.Purpose.Set()}, {"expected", t.Expected.Set()}} {
		if !w.set && t.Node != nil {
			c.warn(CodeIncomplete, t.Name.Node, "the playbook has no "+w.name, "say it in a line: "+w.name+": …")
		}
	}
}

func values(list []yaml.String) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Value
	}
	return out
}

func (c *compiler) prerequisites() []*playbook.Step {
	var steps []*playbook.Step
	for _, p := range c.tree.Prerequisites {
		if p.Step != nil {
			steps = append(steps, p.Step)
			continue
		}
		c.plan.Assumes = append(c.plan.Assumes, p.Text.Value)
	}
	return steps
}

// place is file:line:column of a node.
func (c *compiler) place(n *yaml.Node) string {
	if n == nil {
		return c.tree.Source.Name
	}
	return c.tree.Source.Name + ":" + n.Span.Start.String()
}

func (c *compiler) report(s diag.Severity, code string, span diag.Span, message, hint string) {
	if s == diag.Error {
		c.errors++
	}
	c.list.Add(diag.Diagnostic{Code: code, Severity: s, Source: c.tree.Source.Name, Span: span, Message: message, Hint: hint})
}

func (c *compiler) fail(code string, n *yaml.Node, message, hint string) {
	var span diag.Span
	if n != nil {
		if n.Broken {
			return // what follows from a mistake that was reported is none
		}
		span = n.Span
	}
	c.report(diag.Error, code, span, message, hint)
}

func (c *compiler) warn(code string, n *yaml.Node, message, hint string) {
	span := diag.At(diag.Position{Line: 1, Column: 1}, 1)
	if n != nil {
		span = n.Span
	}
	c.report(diag.Warning, code, span, message, hint)
}

// maxTold is how many wrong words of a kind are answered: nobody reads more, and each
// is compared with all that there are.
const maxTold = 200

// near is diag.Nearest for the first wrong words of a kind.
func (c *compiler) near(code, word string, from []string) string {
	if c.told[code]++; c.told[code] > maxTold {
		return ""
	}
	c.looked += len(from)
	return diag.Nearest(word, from)
}

// known answers a wrong name: the nearest, else all that there are.
func (c *compiler) known(code, word string, names func() []string) string {
	if c.told[code] >= maxTold {
		return ""
	}
	from := names()
	near := c.near(code, word, from)
	rest := slices.DeleteFunc(slices.Clone(from), func(f string) bool { return f == near })
	const most = 12
	switch {
	case near != "" && len(rest) > 0 && len(rest) <= most:
		return fmt.Sprintf("did you mean %q? It also takes: %s", near, strings.Join(rest, ", "))
	case near != "":
		return fmt.Sprintf("did you mean %q?", near)
	case len(from) == 0:
		return "it takes none"
	}
	return "it takes: " + strings.Join(from, ", ")
}
