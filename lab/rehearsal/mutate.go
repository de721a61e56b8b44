package rehearsal

import (
	"context"
	"fmt"
	"sync"

	"runbook/engine/playbook"
	"runbook/engine/yaml"
)

// Mutation is what the rehearsals of a playbook notice of its being broken.
type Mutation struct {
	Mutants                   []Mutant
	Killed, Survived, Invalid int // invalid: the validator refuses it already
}

// Percent is the share of mutants that a rehearsal noticed, in per cent.
func (m *Mutation) Percent() float64 { return Ratio{m.Killed, m.Killed + m.Survived}.Percent() }

// Mutant is a playbook that was broken at one place.
type Mutant struct {
	What     string // "without step healthy"
	Where    string // file:line:column
	KilledBy string // the name of the rehearsal that failed; "" for none
	Invalid  bool
}

// change breaks a tree at one place. It is made for a tree that was parsed anew.
type change struct {
	what  string
	where *yaml.Node
	make  func()
}

// Mutate breaks the playbook of a subject at one place at a time, and plays its
// rehearsals until one fails. The subject's own rehearsals must pass.
func Mutate(ctx context.Context, s *Subject, o Options) (*Mutation, error) {
	o.Watch, o.Observer, o.Keep = nil, nil, nil
	tree, list := playbook.Parse(s.Source)
	if tree == nil || list.Errors() > 0 {
		return nil, fmt.Errorf("%s is not valid", s.Source.Name)
	}
	m := &Mutation{Mutants: make([]Mutant, len(changesOf(tree)))}
	slots := make(chan struct{}, parallel(o.Parallel))
	var all sync.WaitGroup
	for i := range m.Mutants {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() == nil {
				m.Mutants[i] = mutate(ctx, s, o, i)
			}
		})
	}
	all.Wait()
	for _, one := range m.Mutants {
		switch {
		case one.Invalid:
			m.Invalid++
		case one.KilledBy != "":
			m.Killed++
		default:
			m.Survived++
		}
	}
	return m, ctx.Err()
}

// mutate makes and plays one mutant, of a tree of its own.
func mutate(ctx context.Context, s *Subject, o Options, number int) Mutant {
	tree, _ := playbook.Parse(s.Source)
	one := changesOf(tree)[number]
	one.make()
	mutant := Mutant{What: one.what, Where: fmt.Sprintf("%s:%s", s.Source.Name, one.where.Span.Start)}
	p, found := o.Launcher.Tree(tree)
	if mutant.Invalid = p == nil || found.Errors() > 0; !mutant.Invalid {
		mutant.KilledBy = kill(ctx, &Subject{Name: s.Name, Source: s.Source, Plan: p, File: s.File, Skip: s.Skip}, o)
	}
	return mutant
}

// kill plays the rehearsals of a mutant, one after the other, until one fails.
func kill(ctx context.Context, s *Subject, o Options) string {
	p := &player{Options: o, brief: true, controls: map[string]*control{}}
	for _, h := range s.File.Rehearsals {
		if s.Skip != nil && s.Skip(h) {
			continue
		}
		r := &Result{Subject: s, Rehearsal: h, Seed: p.seed(h)}
		p.rehearse(ctx, r)
		if !r.Passed {
			return h.Name
		}
	}
	return ""
}

// changesOf are all places at which a playbook can be broken.
func changesOf(tree *playbook.Playbook) []change {
	var all []change
	for i, p := range tree.Prerequisites {
		if p.Step != nil {
			all = append(all, change{"without prerequisite " + called(p.Step), p.Step.Node, func() {
				tree.Prerequisites = append(append([]*playbook.Prerequisite(nil), tree.Prerequisites[:i]...), tree.Prerequisites[i+1:]...)
			}})
			all = append(all, within(p.Step)...)
		}
	}
	all = append(all, steps("step", &tree.Steps)...)
	return append(all, steps("final step", &tree.Finally)...)
}

// steps are the changes of a list of steps: without each of them, and those
// within them.
func steps(kind string, list *[]*playbook.Step) []change {
	var all []change
	for i, s := range *list {
		if len(*list) > 1 {
			all = append(all, change{"without " + kind + " " + called(s), s.Node, func() {
				*list = append(append([]*playbook.Step(nil), (*list)[:i]...), (*list)[i+1:]...)
			}})
		}
		all = append(all, within(s)...)
	}
	return all
}

// within are the changes of one step.
func within(s *playbook.Step) []change {
	var all []change
	if s.When.Set() {
		all = append(all, change{"without the `when` of " + called(s), s.When.Node, func() { s.When = yaml.String{} }})
		all = append(all, change{"the `when` of " + called(s) + " is the opposite", s.When.Node, func() { s.When = replaced(s.When, "not ("+s.When.Value+")") }})
	}
	if s.Approve != nil {
		all = append(all, change{"without the approval of " + called(s), s.Approve.Node, func() { s.Approve = nil }})
	}
	for i, c := range s.Verify {
		if c.Level.Value == "warn" {
			all = append(all, change{fmt.Sprintf("without warning %d of %s", i+1, called(s)), c.Node, func() {
				s.Verify = append(append([]*playbook.Check(nil), s.Verify[:i]...), s.Verify[i+1:]...)
			}})
			continue
		}
		all = append(all, change{fmt.Sprintf("verification %d of %s is true", i+1, called(s)), c.Node, func() { c.That = replaced(c.That, "true") }})
	}
	if len(s.Verify) > 1 && !s.Has("remedies") {
		all = append(all, change{"without the verification of " + called(s), s.Verify[0].Node, func() { s.Verify, s.Within, s.Every = nil, yaml.Duration{}, yaml.Duration{} }})
	}
	if s.Has("remedies") {
		all = append(all, steps("remedy", &s.Remedies)...)
	}
	if s.Has("steps") {
		all = append(all, steps("step", &s.Steps)...)
		all = append(all, steps("final step", &s.Finally)...)
	}
	return all
}

// replaced is another expression at the place of one.
func replaced(was yaml.String, by string) yaml.String {
	node := *was.Node
	node.Text = by
	was.Value, was.Node = by, &node
	return was
}

func called(s *playbook.Step) string {
	switch {
	case s.ID.Set():
		return s.ID.Value
	case s.Title.Set():
		return "“" + s.Title.Value + "”"
	}
	return s.Action.Value
}
