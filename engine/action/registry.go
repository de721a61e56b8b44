package action

import (
	"cmp"
	"fmt"
	"slices"
)

// Registry is a set of actions by name. It never changes.
type Registry struct {
	byName map[string]*Action
	all    []*Action // by name
}

// NewRegistry returns the registry of actions. Two actions of one name, and two
// different kinds of target of one name, are errors.
func NewRegistry(actions []*Action) (*Registry, error) {
	r := &Registry{byName: make(map[string]*Action, len(actions)), all: slices.Clone(actions)}
	kinds := map[string]*TargetKind{}
	for _, a := range actions {
		if r.byName[a.Name] != nil {
			return nil, fmt.Errorf("two actions are called %s", a.Name)
		}
		r.byName[a.Name] = a
		if a.Target == nil {
			continue
		}
		if have := kinds[a.Target.Name]; have != nil && have != a.Target {
			return nil, fmt.Errorf("%s: two kinds of target are called %s", a.Name, a.Target.Name)
		}
		kinds[a.Target.Name] = a.Target
	}
	slices.SortFunc(r.all, func(a, b *Action) int { return cmp.Compare(a.Name, b.Name) })
	return r, nil
}

// Lookup returns the action of that name.
func (r *Registry) Lookup(name string) (*Action, bool) {
	a, ok := r.byName[name]
	return a, ok
}

// All returns the actions by name. The caller must not change the slice.
func (r *Registry) All() []*Action { return r.all }

// Names returns the names of all actions, sorted.
func (r *Registry) Names() []string {
	names := make([]string, len(r.all))
	for i, a := range r.all {
		names[i] = a.Name
	}
	return names
}

// Families returns the families of the actions, sorted.
func (r *Registry) Families() []string {
	var families []string
	for _, a := range r.all {
		families = append(families, a.Family)
	}
	slices.Sort(families)
	return slices.Compact(families)
}

// Targets returns the kinds of target that the actions talk to, by name.
func (r *Registry) Targets() []*TargetKind {
	var kinds []*TargetKind
	for _, a := range r.all {
		if a.Target != nil && !slices.Contains(kinds, a.Target) {
			kinds = append(kinds, a.Target)
		}
	}
	slices.SortFunc(kinds, func(a, b *TargetKind) int { return cmp.Compare(a.Name, b.Name) })
	return kinds
}
