package main

import (
	"fmt"
	"strings"

	"runbook/engine/plan"
)

// edge is an arrow of the graph: to waits for from, or stands inside it.
type edge struct {
	from, to *plan.Step
	inside   bool
}

// edges are the arrows of a plan, without those that follow from others.
func edges(p *plan.Plan) []edge {
	var out []edge
	var walk func(s *plan.Step)
	walk = func(s *plan.Step) {
		for i, part := range s.Parts {
			from := waitsFor(s.Parts, i)
			for _, n := range from {
				out = append(out, edge{from: s.Parts[n], to: part})
			}
			if len(from) == 0 && s.Path != "" {
				out = append(out, edge{from: s, to: part, inside: true})
			}
			walk(part)
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

// nodeNames gives each step of a plan a name that any format takes.
func nodeNames(p *plan.Plan) map[*plan.Step]string {
	ids := make(map[*plan.Step]string, len(p.All()))
	for i, s := range p.All() {
		ids[s] = fmt.Sprintf("s%d", i+1)
	}
	return ids
}

// mermaid draws a plan for a page that renders it.
func mermaid(p *plan.Plan) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	ids := nodeNames(p)
	for _, s := range p.All() {
		text := strings.NewReplacer(`"`, "#quot;", "\n", " ").Replace(s.Path + ": " + does(s))
		fmt.Fprintf(&b, "  %s[\"%s\"]\n", ids[s], text)
	}
	for _, e := range edges(p) {
		arrow := "-->"
		if e.inside {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", ids[e.from], arrow, ids[e.to])
	}
	return b.String()
}

// dot draws a plan for Graphviz.
func dot(p *plan.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  node [shape=box];\n", p.Name)
	ids := nodeNames(p)
	for _, s := range p.All() {
		fmt.Fprintf(&b, "  %s [label=%q];\n", ids[s], s.Path+"\n"+does(s))
	}
	for _, e := range edges(p) {
		style := ""
		if e.inside {
			style = " [style=dotted]"
		}
		fmt.Fprintf(&b, "  %s -> %s%s;\n", ids[e.from], ids[e.to], style)
	}
	b.WriteString("}\n")
	return b.String()
}
