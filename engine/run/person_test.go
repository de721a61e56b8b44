package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"runbook/engine/environment"
	"runbook/engine/event"
)

func (s *scene) deny(name string) {
	s.options.Environment.Policy.Deny = append(s.options.Environment.Policy.Deny, environment.Rule{Name: name, Place: "runbook.yaml:1:1"})
}

func TestApproval(t *testing.T) {
	const write = "steps: [{id: x, approve: {message: 'Set it?'}, action: world.set, with: {name: a, value: 1}}]"
	const destroys = "steps: [{id: x, approve: true, action: world.drop_value, with: {name: a, value: 1}}]"
	for name, test := range map[string]struct {
		text   string
		person *person
		yes    bool
		sent   string
		code   int
		state  event.State
		last   event.Type
	}{
		"given":                    {text: write, person: &person{}, sent: "[a=1]", state: event.Done, last: event.TypeApprovalGiven},
		"refused":                  {text: write, person: &person{refuse: true}, sent: "[]", code: 3, state: event.Refused, last: event.TypeApprovalRefused},
		"expired":                  {text: write, person: &person{never: true}, sent: "[]", code: 3, state: event.Refused, last: event.TypeApprovalExpired},
		"no terminal":              {text: write, sent: "[]", code: 3, state: event.Waiting, last: event.TypeApprovalRequested},
		"--yes":                    {text: write, yes: true, sent: "[a=1]", state: event.Done, last: event.TypeApprovalGiven},
		"--yes never destroys":     {text: destroys, yes: true, sent: "[]", code: 3, state: event.Waiting, last: event.TypeApprovalRequested},
		"--yes is no one's role":   {text: "steps: [{id: x, approve: {by: dba}, action: world.set, with: {name: a, value: 1}}]", yes: true, sent: "[]", code: 3, state: event.Waiting, last: event.TypeApprovalRequested},
		"by one of the role":       {text: strings.Replace(write, "message: 'Set it?'", "by: dba", 1), person: &person{}, sent: "[a=1]", state: event.Done, last: event.TypeApprovalGiven},
		"by one of another role":   {text: strings.Replace(write, "message: 'Set it?'", "by: sre", 1), person: &person{}, sent: "[]", code: 3, state: event.Waiting, last: event.TypeApprovalRequested},
		"by one of two":            {text: strings.Replace(write, "message: 'Set it?'", "approvers: 2", 1), person: &person{}, sent: "[]", code: 3, state: event.Waiting, last: event.TypeApprovalAnswered},
		"what destroys, by person": {text: destroys, person: &person{}, sent: "[a=1]", state: event.Done, last: event.TypeApprovalGiven},
		"role, by the second":      {text: strings.Replace(write, "message: 'Set it?'", "by: sre", 1), person: &person{also: []string{"bob"}}, sent: "[a=1]", state: event.Done, last: event.TypeApprovalGiven},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			if test.person != nil {
				s.person = test.person
			}
			s.options.Yes = test.yes
			s.options.Environment.Roles = map[string][]string{"dba": {"alice"}, "sre": {"bob"}}
			fin := s.play(t, test.text)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "state", fin.State, test.state)
			var last event.Type
			for _, f := range s.journal.facts {
				if _, ok := f.Data.(*event.Approval); ok {
					last = f.Type
				}
			}
			equal(t, "last of the approval", last, test.last)
			if test.state == event.Waiting {
				equal(t, "ends with", s.order()[len(s.order())-1], "run_suspended ")
			}
		})
	}
}

// Of several approvers each counts once, as often as they answer, and one who
// declines is enough.
func TestSeveralApprovers(t *testing.T) {
	const text = "steps: [{id: x, approve: {approvers: APPROVERS, by: dba}, action: world.set, with: {name: a, value: 1}}]"
	for name, test := range map[string]struct {
		also     []string
		of       string
		facts    string // of the approval, with who has approved by then
		end      event.State
		why      string
		notAsked int
		before   func()
	}{
		"two of two":        {also: []string{"bob", "carol"}, of: "2", facts: "requested answered:alice given:alice, bob", end: event.Done, notAsked: 1},
		"one of two":        {of: "2", facts: "requested answered:alice", end: event.Waiting, why: "alice approved; 1 of 2 different people have"},
		"two of three":      {also: []string{"bob"}, of: "3", facts: "requested answered:alice answered:bob", end: event.Waiting, why: "alice, bob approved; 2 of 3"},
		"the same twice":    {also: []string{"alice"}, of: "2", facts: "requested answered:alice", end: event.Waiting, why: "alice approved already; 2 different people must"},
		"twice, then other": {also: []string{"alice", "bob"}, of: "2", facts: "requested answered:alice given:alice, bob", end: event.Done},
		"without the role":  {also: []string{"mallory"}, of: "2", facts: "requested answered:alice", end: event.Waiting, why: "mallory may not approve this; it is for dba"},
		"one declines":      {also: []string{"nobody", "bob"}, of: "2", facts: "requested answered:alice refused:nobody", end: event.Refused, why: "nobody declined", notAsked: 1},
		"too late":          {before: func() { time.Sleep(time.Hour) }, of: "2", facts: "requested expired:", end: event.Refused, why: "nobody answered in time"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			p := &person{also: test.also, before: test.before}
			s.person = p
			s.options.Environment.Roles = map[string][]string{"dba": {"alice", "bob", "carol"}}
			fin := s.play(t, strings.Replace(text, "APPROVERS", test.of, 1))
			var facts []string
			for _, f := range s.journal.facts {
				a, ok := f.Data.(*event.Approval)
				if !ok {
					continue
				}
				fact := strings.TrimPrefix(string(f.Type), "approval_")
				if f.Type != event.TypeApprovalRequested {
					fact += ":" + a.By
					for _, by := range a.Answers {
						if by.At.IsZero() || by.How != "as shown" {
							t.Errorf("%s does not say when and how: %+v", f.Type, by)
						}
					}
				}
				facts = append(facts, fact)
			}
			equal(t, "facts", strings.Join(facts, " "), test.facts)
			equal(t, "end", fin.State, test.end)
			equal(t, "not asked any more", p.unasked, test.notAsked)
			if test.why != "" && !strings.HasPrefix(fin.Failure.What, test.why) {
				t.Errorf("why: %s, want %s", fin.Failure.What, test.why)
			}
			if sent := len(s.world.order()) > 0; sent != (test.end == event.Done) {
				t.Errorf("sent: %v", sent)
			}
		})
	}
}

func TestWaitingCountsTowardsNoTimeout(t *testing.T) {
	s := newScene()
	s.person = &person{before: func() { time.Sleep(9 * time.Minute) }}
	fin := s.play(t, "timeout: 1m\nsteps: [{id: x, timeout: 20s, approve: true, action: world.set, with: {name: a, value: 1, takes: 10s}}]")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "took", s.took, "9m10s")
}

func TestPolicyDenies(t *testing.T) {
	s := newScene()
	s.deny("world.set")
	fin := s.play(t, "steps: [{id: x, action: world.set, with: {name: a, value: 1}}, {id: y, action: world.get, with: {name: a}}]\nfinally: [{action: world.set_again, with: {name: end, value: 1}}]")
	equal(t, "code", fin.ExitCode, 3)
	equal(t, "state", fin.State, event.Refused)
	equal(t, "sent", s.world.order(), "[end=1]")
	equal(t, "states", s.states("x", "y"), "x=refused y=")
}

func TestManual(t *testing.T) {
	const text = `
steps:
  - id: x
    manual: {text: Pull the plug, fields: {plugs: {type: int}}}
    verify: [outputs.plugs > 0]
  - {id: y, action: world.set, with: {name: y, value: "${{ steps.x.outputs.plugs }}"}}
`
	s := newScene()
	p := &person{fields: map[string]any{"plugs": 2, "by": "alice", "at": time.Unix(0, 0).UTC()}}
	s.person = p
	fin := s.play(t, text)
	equal(t, "end", fin.State, event.Done)
	equal(t, "sent", s.world.order(), "[y=2]")
	equal(t, "asked", p.asked, "[x: Pull the plug]")

	s = newScene()
	s.person = &person{fields: map[string]any{"plugs": 0}}
	equal(t, "checked", s.play(t, text).State, event.Failed)

	s = newScene()
	fin = s.play(t, text)
	equal(t, "without a person", fin.ExitCode, 3)
	equal(t, "state", fin.State, event.Waiting)

	s = newScene()
	s.person = &person{never: true}
	fin = s.play(t, text)
	equal(t, "nobody reports", fin.State, event.Refused)
	equal(t, "after", s.took, 24*time.Hour)
}

func TestSignals(t *testing.T) {
	const text = `
steps:
  - {id: x, needs: [], action: world.set, with: {name: x, value: 1, takes: 20s}}
  - {id: y, needs: [], action: world.wait, with: {takes: 25s}}
  - {id: z, action: world.set, with: {name: z, value: 1}}
finally: [{action: world.set, with: {name: "${{ failure.reason }}", value: 1}}]
`
	s := newScene()
	s.signals = []time.Duration{5 * time.Second}
	fin := s.play(t, text)
	equal(t, "code", fin.ExitCode, 130)
	equal(t, "state", fin.State, event.Cancelled)
	equal(t, "a change in flight finishes", s.took, "20s")
	equal(t, "sent", s.world.order(), "[x=1 cancelled=1]")
	equal(t, "states", s.states("x", "y", "z"), "x=passed y=cancelled z=")

	s = newScene()
	s.signals = []time.Duration{5 * time.Second, 2 * time.Second}
	fin = s.play(t, text)
	equal(t, "second signal", s.took, "7s")
	equal(t, "in doubt", fin.ExitCode, 6)
	equal(t, "no finally", s.world.order(), "[x=1]")
}

func TestSignalWhileAPersonIsAsked(t *testing.T) {
	s := newScene()
	s.person = &person{never: true}
	s.signals = []time.Duration{5 * time.Second}
	fin := s.play(t, "steps: [{id: x, approve: true, action: world.set, with: {name: x, value: 1}}]")
	equal(t, "code", fin.ExitCode, 130)
	equal(t, "took", s.took, "5s")
	equal(t, "sent", s.world.order(), "[]")
}

func TestOneApprovalForAllItems(t *testing.T) {
	s := newScene()
	p := &person{}
	s.person = p
	fin := s.play(t, "steps: [{id: x, for_each: [1, 2, 3], approve: {message: 'All of them?'}, action: world.set, with: {name: \"n${{ item }}\", value: 1}}]")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "asked", p.asked, "[x: All of them?]")
	equal(t, "sent", s.world.order(), "[n1=1 n2=1 n3=1]")
	asked := data[event.Approval](s, "x")[0]
	shown := func(items []event.ApprovalItem) (out []string) {
		for _, x := range items {
			out = append(out, x.Item+" "+x.Summary+" "+x.Message)
		}
		return out
	}
	equal(t, "what each would do is shown", shown(asked.Items), "[1 n1 to 1  2 n2 to 1  3 n3 to 1 ]")

	s = newScene()
	p = &person{before: func() { s.world.version++ }}
	s.person = p
	s.play(t, "steps: [{id: x, for_each: [1, 2], approve: {message: 'Set ${{ item }}?'}, action: world.set, with: {name: a, value: \"${{ item }}\"}}]")
	equal(t, "asked for all, then for each that is another by now", p.asked, "[x:  x[0]: Set 1? x[0]: Set 1?]")
	equal(t, "sent", s.world.order(), "[]")
	equal(t, "each has its message", shown(data[event.Approval](s, "x")[0].Items), "[1 a to 1 Set 1? 2 a to 2 Set 2?]")

	s = newScene()
	s.person = &person{refuse: true}
	fin = s.play(t, "steps: [{id: x, for_each: [1, 2], approve: true, action: world.set, with: {name: \"n${{ item }}\", value: 1}}]")
	equal(t, "refused", fin.State, event.Refused)
	equal(t, "sent", s.world.order(), "[]")
}

// What a policy does not let a run do without asking is not done by another way:
// as an observation, as the preview of a change, in a dry run.
func TestPolicyHoldsForLooks(t *testing.T) {
	const watched = "steps: [{id: x, action: world.set, with: {name: a, value: 1}, observe: {action: world.get, with: {name: b}}, verify: [observed.value >= 0]}]"
	const remedied = "steps: [{id: x, observe: {action: world.get, with: {name: b}}, verify: [observed.value > 5], remedies: [{action: world.set, with: {name: a, value: 1}}]}]"
	const reads = "steps: [{id: x, action: world.get, with: {name: b}}]"
	rules := func(names ...string) (out []environment.Rule) {
		for _, name := range names {
			out = append(out, environment.Rule{Name: name, Place: "runbook.yaml:1:1"})
		}
		return out
	}
	for name, test := range map[string]struct {
		text   string
		policy environment.Policy
		dry    bool
		state  event.State
	}{
		"observe denied":             {text: watched, policy: environment.Policy{Deny: rules("world.get"), Allow: rules("read", "write")}, state: event.Refused},
		"observe of a family denied": {text: watched, policy: environment.Policy{Deny: rules("world.*"), Allow: rules("read", "write")}, state: event.Refused},
		"observe that asks":          {text: watched, policy: environment.Policy{Allow: rules("write")}, state: event.Refused},
		"remedies denied":            {text: remedied, policy: environment.Policy{Deny: rules("world.get"), Allow: rules("read", "write")}, state: event.Refused},
		"remedies that ask":          {text: remedied, policy: environment.Policy{Approve: rules("world.get"), Allow: rules("read", "write")}, state: event.Refused},
		"a change where reads are":   {text: watched, policy: environment.Policy{Deny: rules("read"), Allow: rules("write")}, state: event.Refused},
		"observe denied, dry":        {text: watched, policy: environment.Policy{Deny: rules("world.get"), Allow: rules("read", "write")}, dry: true, state: event.DryRun},
		"remedies denied, dry":       {text: remedied, policy: environment.Policy{Deny: rules("world.get"), Allow: rules("read", "write")}, dry: true, state: event.DryRun},
		"a read that asks, dry":      {text: reads, policy: environment.Policy{Approve: rules("read")}, dry: true, state: event.DryRun},
		"a read that asks":           {text: reads, policy: environment.Policy{Approve: rules("read")}, state: event.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.Environment.Policy, s.options.DryRun = test.policy, test.dry
			fin := s.play(t, test.text)
			equal(t, "state", fin.State, test.state)
			equal(t, "sent and seen", fmt.Sprint(s.world.order(), s.world.seen), "[] []")
		})
	}
}

// That an observation only reads is judged by its values, too.
func TestAnObservationThatWouldWrite(t *testing.T) {
	s := newScene()
	s.inputs = map[string]any{"method": "POST"}
	p := s.compile(t, "inputs: {method: {type: string, default: GET}}\nsteps: [{id: x, action: world.set, with: {name: a, value: 1}, observe: {action: world.request, with: {method: GET, name: b}}, verify: [observed.value >= 0]}]")
	step := p.Steps.Parts[0]
	other := s.compile(t, "inputs: {method: {type: string, default: GET}}\nsteps: [{id: x, action: world.request, with: {method: '${{ inputs.method }}', name: b}}]")
	step.Observe = other.Steps.Parts[0].Op
	s.plan = p
	fin := s.play(t, "")
	equal(t, "state", fin.State, event.Failed)
	equal(t, "sent", s.world.order(), "[]")
	if f := fin.Failure; f == nil || !strings.Contains(f.What, "`observe` only reads, and this world.request does not: its effect is write") {
		t.Errorf("%+v", f)
	}
}
