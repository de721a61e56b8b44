package history

import "runbook/engine/event"

// outline is the steps of the plan by address: what an address alone does not say.
type outline struct {
	steps map[event.Path]*event.Step
}

func (o *outline) add(s *event.Step) {
	if o.steps == nil {
		o.steps = map[event.Path]*event.Step{}
	}
	o.steps[s.Path] = s
}

// planned is the planned step that the one at path is, or is an item of; nil for a
// step of a called playbook.
func (o *outline) planned(path event.Path) *event.Step {
	path = path.Loop()
	item, local, ok := path.InItem()
	if !ok {
		return o.steps[path]
	}
	loop := o.planned(item)
	if loop == nil {
		return nil
	}
	if s := o.steps[loop.Path.Part(local)]; s != nil {
		return s
	}
	if s := o.steps[event.Path(local)]; s != nil && o.under(s, loop) {
		return s
	}
	return nil
}

// under reports whether s is planned somewhere within around.
func (o *outline) under(s, around *event.Step) bool {
	for s != nil && s != around {
		s = o.steps[s.Parent]
	}
	return s != nil
}

// parent is the address of what holds the step at path: as the plan says, within
// the item that the step is in, else as its own address says.
func (o *outline) parent(path event.Path) event.Path {
	s := o.planned(path)
	if s == nil || path.IsItem() {
		return path.Parent()
	}
	item, _, ok := path.InItem()
	if !ok {
		return s.Parent
	}
	loop := o.planned(item)
	if around := o.steps[s.Parent]; around != nil && around != loop {
		return item.Part(local(around, loop))
	}
	return item
}

// local is the address of s within an item of loop.
func local(s, loop *event.Step) string {
	if s.Path != loop.Path && s.Path.Within(loop.Path) {
		return string(s.Path[len(loop.Path)+1:])
	}
	return string(s.Path)
}

// within reports whether the step at path is the one at around, or a part of it.
func (o *outline) within(path, around event.Path) bool {
	for ; path != ""; path = o.parent(path) {
		if path.Within(around) {
			return true
		}
	}
	return around == ""
}
