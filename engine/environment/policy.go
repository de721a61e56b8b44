package environment

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Policy says what a run may do without asking. Entries are effects, names of
// actions, or all actions of a family.
type Policy struct {
	Deny, Approve, Allow, Yes []Rule
}

// Rule is an entry of a policy with its place in runbook.yaml.
type Rule struct {
	Name  string // "write", "docker.restart", "docker.*"
	Place string // file:line:column, "" for the built-in policy

	Unstubbed bool // it is not about what a stub answers
}

// wholeFamily ends a rule for all actions of a family.
const wholeFamily = ".*"

// covers reports whether the rule is about an effect of an action. One that is
// strict about an effect is so about the worse ones too: a change looks before it
// acts, and what destroys is more than a write.
func (r Rule) covers(name string, effect action.Effect, strict bool) bool {
	if e, err := action.ParseEffect(r.Name); err == nil {
		return effect == e || strict && effect > e
	}
	family, whole := strings.CutSuffix(r.Name, wholeFamily)
	return r.Name == name || whole && strings.HasPrefix(name, family+".")
}

// Answer is what a policy says of an effect.
type Answer uint8

// The answers of a policy.
const (
	Allowed Answer = iota
	Asked
	Denied
)

// Decision is a policy's answer with the rule that gave it.
type Decision struct {
	Answer Answer
	Rule   Rule   // zero where no rule matched
	List   string // "deny", "approve", "allow", or "step" for the step's own approve
	YesOK  bool   // --yes may answer
}

// DefaultPolicy allows what reads and writes, asks for what destroys, and
// lets --yes answer for writes.
func DefaultPolicy() Policy {
	return Policy{
		Approve: []Rule{{Name: action.Destructive.String()}},
		Allow:   []Rule{{Name: action.Read.String()}, {Name: action.Write.String()}},
		Yes:     []Rule{{Name: action.Write.String()}},
	}
}

// Stubbed is the policy for what stubs answer.
func (p Policy) Stubbed() Policy {
	p.Approve = slices.DeleteFunc(slices.Clone(p.Approve), func(r Rule) bool { return r.Unstubbed })
	return p
}

// Decide answers for one effect of an action, the first match of: deny, the
// step's own approve, approve, allow; anything else asks. personal says that
// the step names who approves, which --yes never answers.
func (p Policy) Decide(name string, effect action.Effect, stepAsks, personal bool) Decision {
	match := func(rules []Rule, strict bool) (Rule, bool) {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.covers(name, effect, strict) })
		if i < 0 {
			return Rule{}, false
		}
		return rules[i], true
	}
	_, yes := match(p.Yes, false)
	d := Decision{Answer: Asked, YesOK: yes && !personal}
	if r, ok := match(p.Deny, true); ok {
		return Decision{Answer: Denied, Rule: r, List: "deny"}
	}
	if stepAsks {
		d.List = "step"
		return d
	}
	if r, ok := match(p.Approve, true); ok {
		d.Rule, d.List = r, "approve"
		return d
	}
	if r, ok := match(p.Allow, false); ok {
		return Decision{Answer: Allowed, Rule: r, List: "allow"}
	}
	return d
}

// DecideLook answers for what is only looked at beside a step, its `observe`. As
// nobody is asked for that, it must be allowed.
func (p Policy) DecideLook(name string, effect action.Effect) (refused string, d Decision) {
	switch d = p.Decide(name, effect, false, false); d.Answer {
	case Denied:
		refused = "denies " + name
	case Asked:
		refused = "asks before " + name + ", and an `observe` cannot ask"
	}
	return refused, d
}

// Policy is the default policy with the rules that are written in place of its
// own, nil for none, and what is wrong with them.
func (written *Rules) Policy(source *yaml.Source, registry *action.Registry) (Policy, diag.List) {
	p, l := DefaultPolicy(), &loader{source: source, registry: registry}
	if written == nil {
		return p, nil
	}
	for _, r := range []struct {
		to   *[]Rule
		from []yaml.String
	}{{&p.Allow, written.Allow}, {&p.Approve, written.Approve}, {&p.Deny, written.Deny}, {&p.Yes, written.Yes}} {
		if r.from == nil {
			continue
		}
		*r.to = nil
		for _, name := range r.from {
			l.rule(name)
			*r.to = append(*r.to, Rule{Name: name.Value, Place: l.place(name.Node)})
		}
	}
	return p, l.list
}

// rule reports a rule that is about nothing: it would be taken for a prohibition
// and prohibit nothing.
func (l *loader) rule(name yaml.String) {
	known := []string{action.Read.String(), action.Write.String(), action.Destructive.String()}
	known = append(known, l.registry.Names()...)
	for _, family := range l.registry.Families() {
		known = append(known, family+wholeFamily)
	}
	if slices.Contains(known, name.Value) {
		return
	}
	l.fail(CodeUnknownRule, name.Node, fmt.Sprintf("%q is neither an effect nor an action", name.Value),
		meant(name.Value, known, "write read, write, destructive, the name of an action, or all of a family: docker.*"))
}
