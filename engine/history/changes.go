package history

import (
	"strings"

	"slices"

	"runbook/engine/action"
	"runbook/engine/event"
)

// Changes are the effects of a run, folded from its facts, in the order in which
// they began. Attempts at the same effect are one change. It needs the memory of
// the plan and of the effects, however long the run is.
type Changes struct {
	outline outline
	all     []effect
	last    map[event.Path]int // the effect that was begun last at an address
	began   map[event.Path]int // of each container that runs: the effects before it
	items   map[event.Path]*event.Expanded
}

// effect is a change as it stands.
type effect struct {
	event.Change
	open    bool   // begun, and nothing is known of it
	preview string // what it was about to do
}

// Apply takes the next fact.
func (c *Changes) Apply(e event.Event) {
	switch d := e.Data.(type) {
	case *event.Plan:
		for i := range d.Steps {
			c.outline.add(&d.Steps[i])
		}
	case *event.StepStarted:
		if d.Action == "" {
			c.container(e.Path)
		}
	case *event.Expanded:
		if c.items == nil {
			c.items = map[event.Path]*event.Expanded{}
		}
		c.items[e.Path] = d
	case *event.Intent:
		c.begin(e, d)
	case *event.Outcome:
		c.came(e.Path, d)
	case *event.Settled:
		if x := c.at(e.Path); x != nil && d.Applied != action.AppliedLost {
			x.State = d.Applied
		}
	case *event.Remedy:
		c.judge(e.Path, d)
	case *event.StepFinished:
		delete(c.began, e.Path)
		delete(c.items, e.Path)
		if x := c.at(e.Path); x != nil && d.State == event.Undone {
			x.Undone = true
		}
	case *event.RunSuspended:
		c.set(d.Changes)
	case *event.RunFinished:
		c.set(d.Changes)
	}
}

// set takes the changes as the last fact of a run lists them.
func (c *Changes) set(all []event.Change) {
	c.all, c.last = make([]effect, len(all)), map[event.Path]int{}
	for i, x := range all {
		c.all[i], c.last[x.Step] = effect{Change: x, preview: x.Summary}, i
	}
}

func (c *Changes) container(path event.Path) {
	if c.began == nil {
		c.began = map[event.Path]int{}
	}
	c.began[path] = len(c.all)
}

func (c *Changes) at(path event.Path) *effect {
	if i, ok := c.last[path]; ok {
		return &c.all[i]
	}
	return nil
}

func (c *Changes) begin(e event.Event, d *event.Intent) {
	if x := c.at(e.Path); x != nil && (e.Attempt > 1 || x.State == action.AppliedNot) {
		x.open, x.preview, x.Summary = true, d.Preview.Summary, d.Preview.Summary
		return
	}
	if c.last == nil {
		c.last = map[event.Path]int{}
	}
	c.last[e.Path] = len(c.all)
	c.all = append(c.all, effect{open: true, preview: d.Preview.Summary, Change: event.Change{
		Step: e.Path, Item: c.item(e.Path), Action: d.Action, Effect: d.Effect, Target: d.Target, Summary: d.Preview.Summary, Phase: d.Phase,
	}})
}

// item is how the items are called that the step at path is in.
func (c *Changes) item(path event.Path) string {
	if len(c.items) == 0 {
		return ""
	}
	item, ok := path, path.IsItem()
	if !ok {
		item, _, ok = path.InItem()
	}
	if !ok {
		return ""
	}
	loop := item.Loop()
	return strings.TrimPrefix(c.item(loop)+", "+c.items[loop].Name(item), ", ")
}

// came keeps what is known after an attempt. One that was not applied leaves what an
// earlier one did, or may have done.
func (c *Changes) came(path event.Path, d *event.Outcome) {
	x := c.at(path)
	if x == nil {
		return
	}
	x.open = false
	if d.Applied == action.AppliedNot && x.State != "" {
		return
	}
	x.State = d.Applied
	if d.Applied == action.AppliedFully && d.Summary != "" {
		x.Summary = joined(x.preview, d.Summary)
	}
}

// joined keeps what was done in front of what came of it.
func joined(did, came string) string {
	if did == "" || len(came) > 20 {
		return came
	}
	return did + ": " + came
}

// judge adds the verdict on a remedy to what it changed.
func (c *Changes) judge(goal event.Path, d *event.Remedy) {
	remedy := d.At(goal)
	for i := c.began[goal]; i < len(c.all); i++ {
		if x := &c.all[i]; c.outline.within(x.Step, remedy) {
			x.Verdict = d.Verdict
		}
	}
}

// List returns the changes: what was applied, in whole or in part, and what may
// have been. An effect that was begun and of which nothing more is known is lost.
func (c *Changes) List() []event.Change {
	out := []event.Change{}
	for _, x := range c.all {
		if x.open {
			x.State = action.AppliedLost
		}
		if x.State != action.AppliedNot {
			out = append(out, x.Change)
		}
	}
	return out
}

// Mark is where the changes stand, for Since.
func (c *Changes) Mark() int { return len(c.all) }

// Since reports whether something was changed, or may have been, after the mark.
func (c *Changes) Since(mark int) bool {
	return slices.ContainsFunc(c.all[mark:], func(x effect) bool { return x.open || x.State != action.AppliedNot })
}

// Count is how many of the changes count: those of finally too, but not those that
// undo others, nor those in doubt, which are neither changed nor not changed.
func Count(changes []event.Change) int {
	n := 0
	for _, c := range changes {
		if c.Phase != event.Undo && c.State != action.AppliedNot && c.State != action.AppliedLost {
			n++
		}
	}
	return n
}

// Counted is Count of the changes so far.
func (c *Changes) Counted() int { return Count(c.List()) }
