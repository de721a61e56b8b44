package procedure

import (
	"fmt"
	"strings"

	"runbook/engine/page"
	"runbook/engine/plan"
)

// ASCII draws a plan to be pasted anywhere: 80 columns, no colour.
func ASCII(p *plan.Plan) *page.Page {
	d := &document{Page: page.New(page.Look{Width: 80, Unicode: true})}
	wide := 10
	for _, s := range p.All() {
		wide = max(wide, min(len(short(s)), 24))
	}
	d.lane(p.Prerequisites.Parts, wide)
	if len(p.Prerequisites.Parts) > 0 && len(p.Steps.Parts) > 0 {
		d.arrow("")
	}
	d.lane(p.Steps.Parts, wide)
	if len(p.Finally.Parts) > 0 {
		d.Blank()
		for _, s := range p.Finally.Parts {
			verdict := d.verdict(s)
			if s.When != nil {
				verdict.Add(page.Plain, ", when "+s.When.Expr.Source())
			}
			d.Right(d.Line(page.Plain, fmt.Sprintf("%-*s %s", wide, "finally", does(s))), verdict)
		}
	}
	return d.Page
}

// arrow draws what leads to the next step, with texts beside it.
func (d *document) arrow(beside string, above ...string) {
	for _, text := range append([]string{""}, above...) {
		d.Say(page.Plain, strings.TrimRight(" |         "+text, " "))
	}
	d.Say(page.Plain, strings.TrimRight(" v         "+beside, " "))
}

// lane draws the steps of a block: those that wait for nothing between them
// stand beside each other.
func (d *document) lane(steps []*plan.Step, wide int) {
	for i, s := range steps {
		parallel := beside(steps, i)
		switch {
		case i > 0 && !parallel:
			d.between(s)
		case i == 0 && s.When != nil:
			d.Say(page.Plain, " |         "+skipped(s))
			d.Say(page.Plain, " v")
		}
		mark := ""
		if parallel || i+1 < len(steps) && beside(steps, i+1) {
			mark = " +-- "
		}
		d.drawn(fmt.Sprintf("%s%-*s ", mark, wide, short(s)), s)
		d.parts(s, wide)
	}
}

func skipped(s *plan.Step) string { return "when " + s.When.Expr.Source() + ", else skipped" }

// drawn prints what a step does behind its name, wrapped.
func (d *document) drawn(name string, s *plan.Step) {
	verdict := d.verdict(s)
	for i, part := range page.Wrap(does(s), max(30, d.Width()-len(name)-verdict.Width()-2)) {
		if i > 0 {
			name, verdict = " |"+strings.Repeat(" ", len(name)-2), d.Indent(0)
		}
		d.Right(d.Line(page.Plain, name+part), verdict)
	}
}

// beside reports whether step i and the one above do not wait for each other.
func beside(steps []*plan.Step, i int) bool {
	return i > 0 && !steps[i].AfterAll && !plan.Precedes(steps[i-1], steps[i])
}

// between draws what stands between a step and those above.
func (d *document) between(s *plan.Step) {
	needs, above := "", []string(nil)
	if s.When != nil {
		above = append(above, skipped(s))
	}
	if !s.AfterAll && len(s.Needs) > 0 {
		var names []string
		for _, n := range s.Needs {
			names = append(names, short(s.Parent.Parts[n]))
		}
		needs = "needs " + strings.Join(names, ", ")
	}
	d.arrow(needs, above...)
}

// parts draws what is inside a step.
func (d *document) parts(s *plan.Step, wide int) {
	for _, part := range s.Parts {
		d.drawn(fmt.Sprintf(" |%*s%-3s ", wide, "", short(part)), part)
		d.parts(part, wide+2)
	}
	if s.Finally == nil {
		return
	}
	for _, part := range s.Finally.Parts {
		d.drawn(fmt.Sprintf(" |%*s%s ", wide, "", "finally "+short(part)), part)
		d.parts(part, wide+2)
	}
}

// does says in a few words what a step is.
func does(s *plan.Step) string {
	switch {
	case s.Op != nil:
		return s.Op.Action.Name
	case s.Body == plan.BodyRemedies && len(s.Verify) > 0:
		return "goal  " + s.Verify[0].Expr.Source()
	case s.Body == plan.BodyCall:
		return "call  " + s.Call.Name
	case s.Body == plan.BodyManual:
		return "manual  " + s.Title
	}
	return s.Name()
}

// edge is an arrow of the graph: to waits for from, or stands inside it.
type edge struct {
	from, to *plan.Step
	inside   bool
}

// edges are the arrows of a plan, without those that follow from others.
func edges(p *plan.Plan) []edge {
	var out []edge
	var walk func(s *plan.Step)
	within := func(s *plan.Step, parts []*plan.Step) {
		for i, part := range parts {
			from := waitsFor(parts, i)
			for _, n := range from {
				out = append(out, edge{from: parts[n], to: part})
			}
			if len(from) == 0 && s.Path != "" {
				out = append(out, edge{from: s, to: part, inside: true})
			}
			walk(part)
		}
	}
	walk = func(s *plan.Step) {
		within(s, s.Parts)
		if s.Finally != nil {
			within(s, s.Finally.Parts)
		}
	}
	for _, phase := range []*plan.Step{p.Prerequisites, p.Steps, p.Finally} {
		walk(phase)
	}
	return out
}

// waitsFor are the siblings that part i waits for directly. One without needs
// waits for all above: for those since the last that did the same.
func waitsFor(parts []*plan.Step, i int) []int {
	if !parts[i].AfterAll {
		return parts[i].Needs
	}
	var out []int
	for n := i - 1; n >= 0; n-- {
		out = append([]int{n}, out...)
		if parts[n].AfterAll {
			break
		}
	}
	return out
}

// drawing is how a program that draws graphs wants them written; solid and dotted join
// two nodes.
type drawing struct {
	begin               string
	node, solid, dotted string
	quote               func(path, text string) string
	end                 string
}

// mermaid is for a page that renders it.
var mermaid = drawing{
	begin: "flowchart TD\n", node: "  %s[%s]\n", solid: "  %s --> %s\n", dotted: "  %s -.-> %s\n",
	quote: func(path, text string) string {
		return `"` + strings.NewReplacer(`"`, "#quot;", "\n", " ").Replace(path+": "+text) + `"`
	},
}

// dot is for Graphviz.
func dot(p *plan.Plan) drawing {
	return drawing{
		begin: fmt.Sprintf("digraph %q {\n  node [shape=box];\n", p.Name), node: "  %s [label=%s];\n", solid: "  %s -> %s;\n", dotted: "  %s -> %s [style=dotted];\n",
		quote: func(path, text string) string { return fmt.Sprintf("%q", path+"\n"+text) },
		end:   "}\n",
	}
}

func (d drawing) of(p *plan.Plan) string {
	var b strings.Builder
	b.WriteString(d.begin)
	names := make(map[*plan.Step]string, len(p.All()))
	for i, s := range p.All() {
		names[s] = fmt.Sprintf("s%d", i+1)
		fmt.Fprintf(&b, d.node, names[s], d.quote(s.Path, does(s)))
	}
	for _, e := range edges(p) {
		arrow := d.solid
		if e.inside {
			arrow = d.dotted
		}
		fmt.Fprintf(&b, arrow, names[e.from], names[e.to])
	}
	return b.String() + d.end
}

// Mermaid is the graph for Mermaid.
func Mermaid(p *plan.Plan) string { return mermaid.of(p) }

// Dot is the graph for Graphviz.
func Dot(p *plan.Plan) string { return dot(p).of(p) }
