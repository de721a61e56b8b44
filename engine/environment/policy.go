package environment

import (
	"slices"

	"runbook/engine/action"
)

// Policy says what a run may do without asking. Entries are effects or names
// of actions.
type Policy struct {
	Deny, Approve, Allow, Yes []Rule
}

// Rule is an entry of a policy with its place in runbook.yaml.
type Rule struct {
	Name  string
	Place string // file:line:column, "" for the built-in policy
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

// Decide answers for one effect of an action, the first match of: deny, the
// step's own approve, approve, allow; anything else asks. personal says that
// the step names who approves, which --yes never answers.
func (p Policy) Decide(name string, effect action.Effect, stepAsks, personal bool) Decision {
	match := func(rules []Rule) (Rule, bool) {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name || r.Name == effect.String() })
		if i < 0 {
			return Rule{}, false
		}
		return rules[i], true
	}
	_, yes := match(p.Yes)
	d := Decision{Answer: Asked, YesOK: yes && !personal}
	if r, ok := match(p.Deny); ok {
		return Decision{Answer: Denied, Rule: r, List: "deny"}
	}
	if stepAsks {
		d.List = "step"
		return d
	}
	if r, ok := match(p.Approve); ok {
		d.Rule, d.List = r, "approve"
		return d
	}
	if r, ok := match(p.Allow); ok {
		return Decision{Answer: Allowed, Rule: r, List: "allow"}
	}
	return d
}
