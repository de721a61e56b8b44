package run

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// marshal encodes a value as the journal has it. What its type does not take
// is left out, which only a fault of an action can bring about.
func marshal(t *schema.Type, v any) json.RawMessage {
	raw, err := schema.MarshalValue(t, v)
	if err != nil {
		return nil
	}
	return raw
}

// cut shortens a text for display to 200 characters.
func cut(s string) string {
	if len(s) <= 200 {
		return s
	}
	return strings.ToValidUTF8(s[:199], "") + "…"
}

// shownParam is a parameter as it may be shown: of a condition its source.
func shownParam(v any) any {
	if c, ok := v.(schema.Condition); ok {
		return c.Source
	}
	return v
}

// explained turns an explained condition into a fact; the caller sets the
// verdict.
func (r *runner) explained(kind, source string, x expression.Explanation, place string) *event.Check {
	c := &event.Check{Kind: kind, That: source, Place: place}
	if x.Err != nil {
		c.Error = x.Err.Error()
	}
	if u, ok := x.Value.(schema.Unknown); ok {
		c.After = u.After
		if u.Why != "" {
			c.Error = u.Why
		}
	}
	if x.Root != nil {
		c.Parts = parts(x.Root)
		c.Seen, c.Now, c.Number = deciding(x.Root)
		if sides := x.Root.Sides; len(sides) == 2 && len(sides[0].Parts) == 0 && slices.Contains(x.Root.Parts, sides[0]) {
			c.Sides = &event.Comparison{Left: sides[0].Source, Operator: x.Root.Operator, Right: sides[1].Source}
		}
	}
	return c
}

func parts(of *expression.Part) []event.Part {
	if len(of.Parts) == 0 {
		return nil
	}
	out := make([]event.Part, len(of.Parts))
	for i, p := range of.Parts {
		out[i] = event.Part{Element: cut(p.Element), Source: p.Source, Evaluated: p.Evaluated, Parts: parts(p)}
		if p.Evaluated {
			out[i].Compared = sidesOf(p)
			out[i].Value, out[i].Number = cut(schema.TextOf(p.Value)), numberOf(p, p.Value, of)
		}
		if p.Err != "" {
			out[i].Value = p.Err
		}
	}
	return out
}

// sidesOf are the sides of a comparison of numbers; "" of others. A side without a
// unit of its own has that of the other.
func sidesOf(p *expression.Part) string {
	if len(p.Sides) != 2 {
		return ""
	}
	left, right := numberOf(p.Sides[0], p.Sides[0].Value, p), numberOf(p.Sides[1], p.Sides[1].Value, p)
	if left == nil || right == nil {
		return ""
	}
	return left.Compared() + " " + p.Operator + " " + right.Compared()
}

func number(p *expression.Part, v any) *event.Number {
	if size, ok := v.(schema.Size); ok {
		return event.NumberIn(schema.UnitBytes, int(size))
	}
	return event.NumberIn(p.Unit, v)
}

// numberOf is the value v of a part as a number, beside what it is compared with in
// the part around it.
func numberOf(p *expression.Part, v any, around *expression.Part) *event.Number {
	n := number(p, v)
	if n == nil || around == nil || len(around.Sides) != 2 {
		return n
	}
	for i, side := range around.Sides {
		other := around.Sides[1-i]
		if against := number(other, other.Value); side == p && against != nil {
			n.Against, n.Unit = &against.Value, cmp.Or(n.Unit, against.Unit)
		}
	}
	return n
}

// deciding is the value that made a condition what it is: of the first part
// that is false, else of the first, the value on which it was decided. now is
// the present value where that is unknown.
func deciding(p *expression.Part) (seen, now string, n *event.Number) {
	var around *expression.Part
	element := ""
	for len(p.Parts) > 0 {
		if len(p.Sides) == 2 { // as it was compared, not what it was computed from
			around, p = p, p.Sides[0]
			break
		}
		next := p.Parts[0]
		for _, x := range p.Parts {
			if x.Evaluated && x.Value == false {
				next = x
				break
			}
		}
		around, p, element = p, next, cmp.Or(next.Element, element)
	}
	if !p.Evaluated {
		return "", "", nil
	}
	if u, ok := p.Value.(schema.Unknown); ok {
		if u.Now != nil {
			now = cut(schema.TextOf(u.Now))
		}
		return "", now, numberOf(p, u.Now, around)
	}
	if p.Err != "" {
		return p.Err, "", nil
	}
	seen, n = schema.TextOf(p.Value), numberOf(p, p.Value, around)
	if element != "" { // the value of which it decided
		if n != nil {
			seen = n.Compared()
		}
		seen, n = element+": "+seen, nil
	}
	return cut(seen), "", n
}

// stepFacts are the steps of a plan as the journal has them, so that a report
// needs nothing else.
func stepFacts(p *plan.Plan) []event.Step {
	out := make([]event.Step, 0, len(p.All()))
	for _, s := range p.All() {
		f := event.Step{
			Path: event.Path(s.Path), Title: s.Title, Brief: s.Brief, Kind: kinds[s.Body], Place: s.Place, Remedy: s.Remedy,
			Asks: s.Approve != nil || s.Body == plan.BodyManual, Loop: s.Loop != nil, Phase: phase(p, s), Undoable: s.Undo != nil,
		}
		if s.Op != nil {
			f.Action, f.Effect = s.Op.Action.Name, s.Op.Effect
		}
		if around := s.Around(); around != nil {
			f.Parent = event.Path(around.Path)
		}
		for _, i := range s.Awaits() {
			f.Needs = append(f.Needs, event.Path(s.Parent.Parts[i].Path))
		}
		out = append(out, f)
	}
	return out
}

// maxCalled is how many steps of called playbooks a plan lists.
const maxCalled = 2_000

// calledFacts adds the steps of the playbooks that p calls, which is itself
// called at an address.
func calledFacts(out []event.Step, p *plan.Plan, at event.Path) []event.Step {
	for _, s := range p.All() {
		if at != "" {
			out = append(out, event.Step{Path: s.Address(at), Title: s.Title, Brief: s.Brief, Place: s.Place})
		}
		if s.Call != nil && len(out) < maxCalled {
			out = calledFacts(out, s.Call.Plan, s.Address(at))
		}
	}
	return out
}

var kinds = [...]event.StepKind{
	plan.BodyAction: event.KindAction, plan.BodyBlock: event.KindBlock, plan.BodyRemedies: event.KindRemedies,
	plan.BodyCall: event.KindCall, plan.BodyManual: event.KindManual,
}

func phase(p *plan.Plan, s *plan.Step) event.Phase {
	if p.Last(s) {
		return event.Finally
	}
	for s.Parent != nil {
		s = s.Parent
	}
	if s == p.Prerequisites {
		return event.Prerequisites
	}
	return event.Steps
}
