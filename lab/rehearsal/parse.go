package rehearsal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/model"
)

// Codes of files of rehearsals: RB17xx.
const (
	CodeKey       = "RB1701" // a key that is not there, or is missing
	CodeValue     = "RB1702" // a value of the wrong kind or type
	CodeCondition = "RB1703" // a condition that does not compile
	CodeFault     = "RB1704" // no such fault, option or target
	CodeStep      = "RB1705" // no such step or remedy
	CodeInput     = "RB1706" // no such input, or a value that does not fit
)

// Parse reads a file of rehearsals of a playbook. The file is nil if the list
// has errors.
func Parse(s *playbook.Source, p *plan.Plan) (*File, diag.List) {
	root, list := playbook.Read(s)
	r := &reader{source: s, plan: p, env: scope(p), list: list}
	if root == nil || list.Errors() > 0 {
		return nil, r.list
	}
	f := &File{Source: s}
	r.keys(root, []string{"rehearsals"}, "rehearsals")
	for i, n := range r.items(root.Get("rehearsals")) {
		f.Rehearsals = append(f.Rehearsals, r.rehearsal(n, i+1))
	}
	r.list.Sort()
	if r.list.Errors() > 0 {
		return nil, r.list
	}
	return f, r.list
}

// keys reports keys that are not there, and required ones that are missing.
func (r *reader) keys(n *playbook.Node, required []string, takes ...string) bool {
	if n == nil || n.Kind != playbook.Map {
		r.fail(n, CodeValue, "a mapping is wanted here", "its keys are "+strings.Join(takes, ", "))
		return false
	}
	for _, p := range n.Pairs {
		if !slices.Contains(takes, p.Key.Text) {
			hint := "the keys here are " + strings.Join(takes, ", ")
			if near := diag.Nearest(p.Key.Text, takes); near != "" {
				hint = "did you mean " + near + "?"
			}
			r.fail(p.Key, CodeKey, fmt.Sprintf("there is no key %q here", p.Key.Text), hint)
		}
	}
	for _, key := range required {
		if n.Get(key) == nil {
			r.fail(n, CodeKey, "the key "+key+" is missing", "add "+key+": …")
		}
	}
	return true
}

// items returns the elements of a list; nil has none.
func (r *reader) items(n *playbook.Node) []*playbook.Node {
	if n == nil {
		return nil
	}
	if n.Kind != playbook.List {
		r.fail(n, CodeValue, "a list is wanted here, not "+n.Kind.String(), "write [a, b], or a line with - for each")
		return nil
	}
	return n.Items
}

func (r *reader) text(n *playbook.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != playbook.Scalar {
		r.fail(n, CodeValue, "a text is wanted here, not "+n.Kind.String(), "")
	}
	return n.Text
}

func (r *reader) texts(n *playbook.Node) []string {
	var all []string
	for _, item := range r.items(n) {
		all = append(all, r.text(item))
	}
	return all
}

// scalar reads a value of a type; what does not fit is reported.
func (r *reader) scalar(n *playbook.Node, kind schema.Kind) any {
	if n == nil {
		return nil
	}
	v, err := schema.ParseText(&schema.Type{Kind: kind}, r.text(n), n.Quoted)
	if err != nil {
		r.fail(n, CodeValue, err.Error(), "")
		return nil
	}
	return v
}

func (r *reader) duration(n *playbook.Node, otherwise time.Duration) time.Duration {
	if d, ok := r.scalar(n, schema.Duration).(time.Duration); ok {
		return d
	}
	return otherwise
}

func (r *reader) number(n *playbook.Node, otherwise int) int {
	if i, ok := r.scalar(n, schema.Int).(int); ok {
		return i
	}
	return otherwise
}

func (r *reader) flag(n *playbook.Node) bool { on, _ := r.scalar(n, schema.Bool).(bool); return on }

func (r *reader) rehearsal(n *playbook.Node, number int) *Rehearsal {
	h := &Rehearsal{Number: number, Inputs: map[string]any{}, Texts: map[string]*template{}, Place: n.Span}
	if !r.keys(n, []string{"name", "fault", "expect"}, "name", "fault", "settle", "seed", "faults", "inputs", "approve", "report", "yes", "always", "expect", "again", "also") {
		return h
	}
	if name := n.Get("name"); name != nil {
		h.Name, h.Place = r.text(name), name.Span
	}
	known := r.fault(n.Get("fault"), h)
	h.Settle = r.duration(n.Get("settle"), known.Settles)
	h.Seed = uint64(max(0, r.number(n.Get("seed"), 0)))
	r.inputs(n.Get("inputs"), h)
	for _, item := range r.items(n.Get("faults")) {
		h.Moments = append(h.Moments, r.injection(item))
	}
	for _, item := range r.items(n.Get("approve")) {
		h.Approve = append(h.Approve, r.approval(item))
	}
	for _, item := range r.items(n.Get("report")) {
		h.Report = append(h.Report, r.answer(item))
	}
	h.Yes = r.flag(n.Get("yes"))
	h.Always = r.conditions(n.Get("always"))
	if again := n.Get("again"); again != nil {
		if h.Again = r.text(again) == "changes"; !h.Again {
			r.fail(again, CodeValue, "`again` is `changes` or is left out", "write again: changes where a second run may change something")
		}
	}
	for _, item := range r.items(n.Get("also")) {
		h.Also = append(h.Also, r.serviceFault(item))
	}
	r.expect(n.Get("expect"), h)
	return h
}

func (r *reader) serviceFault(n *playbook.Node) string {
	name := r.text(n)
	if f, ok := model.Lookup(name); !ok || f.AtConnection {
		r.noFault(n, name)
	}
	return name
}

func (r *reader) noFault(n *playbook.Node, name string) {
	var names []string
	for _, f := range model.Faults() {
		names = append(names, f.Name)
	}
	hint := "the faults are " + strings.Join(names, ", ")
	if near := diag.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.fail(n, CodeFault, fmt.Sprintf("there is no fault %q", name), hint)
}

// fault reads the fault of a rehearsal: a name, or a name with options.
func (r *reader) fault(n *playbook.Node, h *Rehearsal) model.Fault {
	if n == nil {
		return model.Fault{}
	}
	named, options := n, []playbook.Pair(nil)
	if n.Kind == playbook.Map {
		named = n.Get("name")
		if named == nil {
			r.fail(n, CodeKey, "the key name is missing", "write {name: memory-leak, returns: true}")
			return model.Fault{}
		}
		options = n.Pairs
	}
	h.Fault.Name = r.text(named)
	known, ok := model.Lookup(h.Fault.Name)
	if !ok {
		r.noFault(named, h.Fault.Name)
		return known
	}
	for _, p := range options {
		switch {
		case p.Key.Text == "name":
		case known.AtConnection && p.Key.Text == "on":
			h.Fault.On = r.target(p.Value, known.Name)
		case known.AtConnection && p.Key.Text == "for":
			h.Fault.For = r.duration(p.Value, 0)
		case slices.Contains(known.Options, p.Key.Text):
			if h.Fault.Options == nil {
				h.Fault.Options = map[string]any{}
			}
			h.Fault.Options[p.Key.Text] = r.flag(p.Value)
		default:
			r.fail(p.Key, CodeFault, fmt.Sprintf("fault %s has no option %q", known.Name, p.Key.Text), "its options are: "+strings.Join(append([]string{"name"}, known.Options...), ", "))
		}
	}
	if known.AtConnection && h.Fault.On == "" {
		r.fail(n, CodeFault, "fault "+known.Name+" needs a target", "write {name: "+known.Name+", on: docker}")
	}
	return known
}

// target reads the target of a fault at connections.
func (r *reader) target(n *playbook.Node, fault string) string {
	name := r.text(n)
	if service, ok := strings.CutPrefix(name, "container/"); ok && service != "" && fault == "target-gone" {
		return name
	}
	if !slices.Contains(lab.Targets(), name) {
		r.fail(n, CodeFault, fmt.Sprintf("the lab has no target %q", name), "the targets are "+strings.Join(lab.Targets(), ", "))
	}
	return name
}

// injection reads a fault in time.
func (r *reader) injection(n *playbook.Node) Injection {
	var i Injection
	if !r.keys(n, []string{"at"}, "at", "inject", "heal", "on", "for", "times") {
		return i
	}
	r.moment(n.Get("at"), &i)
	switch inject, heal := n.Get("inject"), n.Get("heal"); {
	case (inject == nil) == (heal == nil):
		r.fail(n, CodeKey, "exactly one of inject and heal is wanted", "write inject: reply-lost, or heal: hanging-target")
	case heal != nil:
		i.Heal = r.text(heal)
		if _, ok := model.Lookup(strings.SplitN(i.Heal, " on ", 2)[0]); !ok {
			r.noFault(heal, i.Heal)
		}
	default:
		i.Fault = lab.Fault{Name: r.text(inject), For: r.duration(n.Get("for"), 0), Times: r.number(n.Get("times"), 0)}
		known, ok := model.Lookup(i.Fault.Name)
		switch on := n.Get("on"); {
		case !ok:
			r.noFault(inject, i.Fault.Name)
		case known.AtConnection && on == nil:
			r.fail(n, CodeFault, "fault "+known.Name+" needs a target", "add on: docker")
		case on != nil:
			i.Fault.On = r.target(on, known.Name)
		}
	}
	return i
}

// moment reads `at`: a time after the start, or before or after a step's attempt.
func (r *reader) moment(n *playbook.Node, i *Injection) {
	if n == nil {
		return
	}
	word, rest, ok := strings.Cut(r.text(n), " ")
	if !ok || word != "before" && word != "after" {
		i.After = r.duration(n, 0)
		return
	}
	i.Before, i.Step, i.Attempt = word == "before", strings.TrimSpace(rest), 1
	if at := strings.LastIndexByte(i.Step, '.'); at >= 0 {
		attempt, err := strconv.Atoi(i.Step[at+1:])
		if err != nil || attempt < 1 {
			r.fail(n, CodeValue, "the attempt is a number from 1", "write before recover/2.1")
		}
		i.Step, i.Attempt = i.Step[:at], attempt
	}
	r.step(n, i.Step)
}

// step checks an address of a step.
func (r *reader) step(n *playbook.Node, address string) {
	plain := withoutItems(address)
	var known []string
	for _, s := range r.plan.All() {
		known = append(known, s.Path)
		if s.Path == plain || s.ID != "" && s.ID == plain {
			return
		}
	}
	hint := "runbook show lists the steps"
	if near := diag.Nearest(plain, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.fail(n, CodeStep, fmt.Sprintf("the playbook has no step %q", plain), hint)
}

// withoutItems takes the items of loops out of an address: recover[0]/2 is a
// part of recover/2.
func withoutItems(address string) string {
	var b strings.Builder
	depth := 0
	for _, c := range address {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (r *reader) approval(n *playbook.Node) Approval {
	a := Approval{After: 10 * time.Second}
	if !r.keys(n, []string{"step", "as"}, "step", "as", "at", "refuse") {
		return a
	}
	if step := n.Get("step"); step != nil {
		a.Step = r.text(step)
		r.step(step, a.Step)
	}
	a.As, a.After, a.Refuse = r.text(n.Get("as")), r.duration(n.Get("at"), a.After), r.text(n.Get("refuse"))
	a.Refuses = n.Get("refuse") != nil
	return a
}

func (r *reader) answer(n *playbook.Node) Answer {
	a := Answer{After: 10 * time.Second, Fields: map[string]any{}}
	if !r.keys(n, []string{"step"}, "step", "as", "at", "fields") {
		return a
	}
	if step := n.Get("step"); step != nil {
		a.Step = r.text(step)
		r.step(step, a.Step)
	}
	a.As, a.After = r.text(n.Get("as")), r.duration(n.Get("at"), a.After)
	if fields := n.Get("fields"); fields != nil {
		for _, p := range fields.Pairs {
			a.Fields[p.Key.Text] = r.plainValue(p.Value)
		}
	}
	return a
}

// plainValue is a value without a declared type.
func (r *reader) plainValue(n *playbook.Node) any {
	switch n.Kind {
	case playbook.List:
		list := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			list = append(list, r.plainValue(item))
		}
		return list
	case playbook.Map:
		values := map[string]any{}
		for _, p := range n.Pairs {
			values[p.Key.Text] = r.plainValue(p.Value)
		}
		return values
	case playbook.Null:
		return nil
	}
	return r.scalar(n, schema.Any)
}

// inputs reads the inputs of the playbook; those that are not given have their
// defaults.
func (r *reader) inputs(n *playbook.Node, h *Rehearsal) {
	given := map[string]bool{}
	if n != nil && r.keys(n, nil, r.plan.Inputs.Names()...) {
		for _, p := range n.Pairs {
			if f, ok := r.plan.Inputs.Field(p.Key.Text); ok {
				given[f.Name] = true
				r.input(f, p.Value, h)
			}
		}
	}
	for _, f := range r.plan.Inputs.Fields {
		switch {
		case given[f.Name]:
		case f.Required:
			r.list.Add(diag.Diagnostic{Severity: diag.Error, Code: CodeInput, Source: r.source.Name, Span: h.Place, Message: "the input " + f.Name + " of the playbook is not given", Hint: "add inputs: {" + f.Name + ": …}"})
		default:
			h.Inputs[f.Name] = f.Default
		}
	}
}

func (r *reader) input(f *schema.Field, n *playbook.Node, h *Rehearsal) {
	if n.Kind == playbook.Scalar && expression.HasTemplate(n.Text) {
		t, problems := expression.CompileTemplate(n.Text, r.env, f.Type)
		for _, p := range problems {
			r.list.Add(diag.Diagnostic{Severity: diag.Error, Code: CodeCondition, Source: r.source.Name, Span: n.At(p.Offset, p.Length), Message: p.Message, Hint: p.Hint})
		}
		h.Texts[f.Name] = &template{t}
		return
	}
	var v any
	var err error
	if n.Kind == playbook.Scalar {
		v, err = schema.ParseText(f.Type, n.Text, n.Quoted)
	} else {
		v = r.plainValue(n)
	}
	if err == nil {
		v, err = schema.ConvertField(*f, v)
	}
	if err != nil {
		r.fail(n, CodeInput, err.Error(), "the input takes "+f.Takes())
		return
	}
	h.Inputs[f.Name] = v
}

// expect reads how the rehearsal must end.
func (r *reader) expect(n *playbook.Node, h *Rehearsal) {
	h.Expect = Expect{Within: time.Minute, Hold: 30 * time.Second, ExitPlace: h.Place}
	if n == nil || !r.keys(n, nil, "exit", "before", "after", "within", "hold", "steps", "remedies", "changes", "within_run", "message") {
		return
	}
	e := &h.Expect
	if exit := n.Get("exit"); exit != nil {
		e.Exit, e.ExitPlace = r.number(exit, 0), exit.Span
	}
	e.Before, e.After = r.conditions(n.Get("before")), r.conditions(n.Get("after"))
	e.Within, e.Hold = r.duration(n.Get("within"), e.Within), r.duration(n.Get("hold"), e.Hold)
	if steps := n.Get("steps"); steps != nil {
		for _, p := range steps.Pairs {
			r.step(p.Key, p.Key.Text)
			e.Steps = append(e.Steps, StepState{Step: p.Key.Text, State: r.state(p.Value), Place: p.Value.Span})
		}
	}
	if remedies := n.Get("remedies"); remedies != nil {
		for _, p := range remedies.Pairs {
			r.remedy(p)
			e.Remedies = append(e.Remedies, StepRemedy{Step: p.Key.Text, Title: r.text(p.Value), Place: p.Value.Span})
		}
	}
	e.Changes = r.changes(n.Get("changes"))
	if d := n.Get("within_run"); d != nil {
		e.Run, e.RunPlace = r.duration(d, 0), d.Span
	}
	if m := n.Get("message"); m != nil {
		e.Message, e.Said = r.text(m), m.Span
	}
}

// states are those that a step may end in.
var states = [...]event.State{event.Passed, event.Warned, event.Failed, event.Refused, event.Cancelled, event.Skipped, event.NotRun, event.Waiting, event.InDoubt, event.Undone, event.UndoFailed}

func (r *reader) state(n *playbook.Node) event.State {
	s := event.State(r.text(n))
	if !slices.Contains(states[:], s) {
		var names []string
		for _, s := range states {
			names = append(names, string(s))
		}
		r.fail(n, CodeValue, fmt.Sprintf("there is no state %q of a step", s), "it is one of "+strings.Join(names, ", "))
	}
	return s
}

func (r *reader) remedy(p playbook.Pair) {
	for _, s := range r.plan.All() {
		if s.ID != p.Key.Text && s.Path != p.Key.Text || s.Body != plan.BodyRemedies {
			continue
		}
		var titles []string
		for _, part := range s.Parts {
			titles = append(titles, part.Name())
		}
		if !slices.Contains(titles, p.Value.Text) {
			r.fail(p.Value, CodeStep, fmt.Sprintf("%s has no remedy %q", s.Path, p.Value.Text), "its remedies are: "+strings.Join(titles, " · "))
		}
		return
	}
	r.fail(p.Key, CodeStep, fmt.Sprintf("the playbook has no step %q with remedies", p.Key.Text), "")
}

func (r *reader) changes(n *playbook.Node) *Changes {
	if n == nil {
		return nil
	}
	c := &Changes{Count: -1, Place: n.Span}
	if n.Kind == playbook.Scalar {
		if c.None = n.Text == "none"; !c.None {
			r.fail(n, CodeValue, fmt.Sprintf("%q says nothing about changes", n.Text), "write none, {only: [actions]}, {exactly: [actions]} or {count: 2}")
		}
		return c
	}
	if !r.keys(n, nil, "only", "exactly", "count") {
		return c
	}
	c.Only, c.Exactly = r.texts(n.Get("only")), r.texts(n.Get("exactly"))
	c.Count = r.number(n.Get("count"), -1)
	return c
}
