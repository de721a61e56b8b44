package report

import (
	"fmt"
	"time"

	"runbook/engine/event"
	"runbook/engine/schema"
)

// shownStory finds texts, a table, a number, and what has no value: in a step, in an
// item, in a block, among the outputs.
func shownStory() *story {
	s := newStory()
	h := leakHeader()
	h.Playbook, h.Title, h.Inputs, h.Escalation, h.Interrupts, h.Lock, h.Assumes, h.Effects = "disk-full", "The disk is full", nil, nil, nil, nil, nil, event.Effects{Reads: 4}
	h.Expected, h.SeeAlso, h.Command.Playbook = "", nil, "disk-full"
	s.add(event.TypeRunCreated, "", h).add(event.TypePlan, "", &event.Plan{Steps: []event.Step{
		{Path: "du", Kind: event.KindAction, Title: "What fills the disk", Action: "shell.run", Phase: "steps"},
		{Path: "look", Kind: event.KindBlock, Title: "Look around", Phase: "steps"},
		{Path: "list", Kind: event.KindAction, Title: "The containers", Action: "docker.list", Parent: "look", Phase: "steps"},
		{Path: "logs", Kind: event.KindAction, Title: "What they say", Action: "docker.logs", Loop: true, Phase: "steps"},
	}})
	step := func(path event.Path, action string, parts ...event.ShownPart) {
		s.add(event.TypeStepStarted, path, &event.StepStarted{Brief: action, Action: action})
		if parts != nil {
			s.add(event.TypeShown, path, &event.Shown{Parts: parts, Automatic: action == "docker.logs"})
		}
		s.add(event.TypeStepFinished, path, &event.StepFinished{State: event.Passed, Duration: 21 * time.Millisecond})
	}
	sizes := []string{"118.4 GiB  /var/lib/docker/overlay2", " 41.0 GiB  /var/log", "", "  2.1 GiB  a name with an escape \x1b[31m and so many words that no terminal of ninety columns has room for it"}
	for i := range 8 {
		sizes = append(sizes, fmt.Sprintf("  %.1f MiB  /home/%d", 900.4-float64(i), i))
	}
	step("du", "shell.run", event.ShownPart{Lines: sizes}, event.ShownPart{Lines: []string{"91.234"}, Number: &event.Number{Value: 91.234, Unit: schema.UnitPercent}}, event.ShownPart{})
	s.events = append(s.events[:len(s.events)-1], event.Event{Sequence: 5, Time: s.now, Type: event.TypeKept, Path: "du", Data: &event.Kept{
		Output: "stdout", File: "20261124-k7qm.kept/du.stdout", SHA256: "4be19a52", Bytes: 61200, Cut: true,
	}}, s.events[len(s.events)-1])
	columns := []event.ShownColumn{{Name: "name"}, {Name: "state"}, {Name: "memory_bytes", Unit: schema.UnitBytes}, {Name: "image"}}
	s.at(1).add(event.TypeStepStarted, "look", &event.StepStarted{})
	step("list", "docker.list", event.ShownPart{Columns: columns, Rows: [][]any{
		{"app-1", "running", 432013312.0, "registry.example.net/shop/app:1.42"}, {"app 2", "exited\nnow", nil, "registry.example.net/shop/app:1.43"},
	}, Left: 3})
	s.add(event.TypeShown, "look", &event.Shown{Parts: []event.ShownPart{{Lines: []string{"2 of 5"}}, {Error: "steps.x.outputs has no value"}}})
	s.add(event.TypeStepFinished, "look", &event.StepFinished{State: event.Passed, Duration: time.Second})
	s.at(2).add(event.TypeStepStarted, "logs", &event.StepStarted{}).add(event.TypeExpanded, "logs", &event.Expanded{Items: []string{"a"}})
	lines := make([]string, 12)
	for i := range lines {
		lines[i] = fmt.Sprintf("worker line %d", i+1)
	}
	step("logs[0]", "docker.logs", event.ShownPart{Lines: lines, Last: true, Left: 88}, event.ShownPart{Name: "stderr", Lines: []string{"a warning"}, Last: true})
	s.add(event.TypeStepFinished, "logs", &event.StepFinished{State: event.Passed, Duration: time.Second})
	return s.at(3).add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.Done, Duration: 3 * time.Second, Found: []event.Found{
		{Input: event.Input{Name: "used_percent", Text: "91.2", Number: &event.Number{Value: 91.2, Unit: schema.UnitPercent}}},
		{Input: event.Input{Name: "sizes", Text: "118.4 GiB …"}, Shown: &event.ShownPart{Lines: sizes}},
		{Input: event.Input{Name: "containers", Text: "[{4}, {4}]"}, Shown: &event.ShownPart{Columns: columns[:3], Rows: [][]any{{"app-1", "running", 432013312.0}}}},
	}})
}
