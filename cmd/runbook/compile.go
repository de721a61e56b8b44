package main

import (
	"fmt"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// registry returns all actions.
func registry() (*action.Registry, error) {
	reg, err := action.NewRegistry(actions.All())
	if err != nil {
		return nil, fmt.Errorf("the list of actions: %w", err)
	}
	return reg, nil
}

// compiled is what became of a source: a plan unless the list has an error.
type compiled struct {
	plan    *plan.Plan
	list    diag.List
	sources map[string]*yaml.Source // all that were read, by name
}

// compiler compiles playbooks and remembers the sources that it read, for the
// excerpts of diagnostics.
type compiler struct {
	registry *action.Registry
	vars     *schema.Type
	sources  map[string]*yaml.Source
}

// compile turns a source into a plan.
func (c *compiler) compile(source *yaml.Source) compiled {
	c.sources = map[string]*yaml.Source{source.Name: source}
	tree, list := playbook.Parse(source)
	out := compiled{list: list, sources: c.sources}
	if tree == nil {
		return out
	}
	p, more := plan.Compile(tree, plan.Options{Registry: c.registry, Vars: c.vars, Load: c.load})
	out.list = append(out.list, more...)
	out.list.Sort()
	if out.list.Errors() == 0 {
		out.plan = p
	}
	return out
}

// load finds the playbook that a step calls: an embedded one calls embedded
// ones only.
func (c *compiler) load(name string, from *yaml.Source) (*playbook.Playbook, diag.List, error) {
	all := catalogue()
	if from.Embedded {
		all = embedded()
	}
	f, err := lookup(name, all)
	if err != nil {
		return nil, nil, err
	}
	c.sources[f.source.Name] = f.source
	tree, list := playbook.Parse(f.source)
	return tree, list, nil
}
