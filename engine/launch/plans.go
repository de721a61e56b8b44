package launch

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/yaml"
)

// Library finds the playbooks that steps call. It gives the same answer each time.
type Library interface {
	Called(name string, from *yaml.Source) (*yaml.Source, error)
}

// Plans compiles playbooks and remembers each by its content, the types of the
// variables, and what it calls: two that call the same playbook share its plan. Of
// each name the last content is kept. It may be used from many goroutines.
type Plans struct {
	registry *action.Registry
	compile  func(*playbook.Playbook, plan.Options) (*plan.Plan, diag.List)

	mu    sync.Mutex
	known map[key]*Compiled
}

// key is a playbook and what it is compiled against.
type key struct {
	name, vars string // vars and groups
	embedded   bool
}

// Compiled is what became of a playbook: a plan unless the list has an error.
type Compiled struct {
	Source *yaml.Source
	Plan   *plan.Plan
	List   diag.List

	digest string
	calls  map[string]*Compiled // by name; nil for one that cannot be called
	circle *plan.CallError      // it calls itself, by way of others
	seen   Library              // in which it calls what it did then
}

// NewPlans returns an empty memory of plans over the actions of a registry.
func NewPlans(registry *action.Registry) *Plans {
	return &Plans{registry: registry, compile: plan.Compile, known: map[key]*Compiled{}}
}

// Compile compiles a playbook against the variables and groups of an environment; nil
// where none is known.
func (p *Plans) Compile(source *yaml.Source, in Library, env *environment.Environment) *Compiled {
	return p.session(in, env).compiled(source, nil)
}

// Tree compiles a tree that stands in no file, as one that was changed. It is not
// remembered; what it calls is.
func (p *Plans) Tree(tree *playbook.Playbook, in Library) (*plan.Plan, diag.List) {
	c := p.session(in, nil).tree(tree, &Compiled{Source: tree.Source}, nil)
	return c.Plan, c.List
}

// session is one playbook being compiled, with those that it calls.
type session struct {
	*Plans
	library Library
	env     *environment.Environment
	kind    string
	circles map[*yaml.Source]*Compiled
}

func (p *Plans) session(in Library, env *environment.Environment) *session {
	return &session{Plans: p, library: in, env: env, kind: spelled(env), circles: map[*yaml.Source]*Compiled{}}
}

// spelled writes the types of variables and the names of groups in one line.
func spelled(env *environment.Environment) string {
	if env == nil {
		return ""
	}
	b := "vars"
	for _, f := range env.VarTypes.Fields {
		b += " " + f.Name + ":" + f.Type.String()
	}
	for _, g := range env.Groups {
		b += " group " + g.Name
	}
	return b
}

// around are the playbooks that the one being compiled is called by.
type around []*yaml.Source

// compiled returns what is known of a source, or compiles it.
func (s *session) compiled(source *yaml.Source, by around) *Compiled {
	k, digest := key{source.Name, s.kind, source.Embedded}, source.SHA256()
	s.mu.Lock()
	have := s.known[k]
	fresh := have != nil && have.digest == digest
	same := fresh && have.seen == s.library
	s.mu.Unlock()
	switch {
	case same || fresh && s.callsTheSame(have, by):
		return have
	case s.circles[source] != nil:
		return s.circles[source]
	}
	c := &Compiled{Source: source, digest: digest}
	tree, list := playbook.Parse(source)
	c.List = list
	if tree != nil {
		c = s.tree(tree, c, by)
	}
	if c.circle != nil { // whether there is a circle, and how it is told, depends on those around
		s.circles[source] = c
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.seen = s.library
	s.known[k] = c
	return c
}

// callsTheSame reports whether all that c calls is what it was when c was compiled.
func (s *session) callsTheSame(c *Compiled, by around) bool {
	for name, was := range c.calls {
		if now, _ := s.callee(name, c.Source, by); now != was {
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.seen = s.library
	return true
}

// tree compiles a tree into c.
func (s *session) tree(tree *playbook.Playbook, c *Compiled, by around) *Compiled {
	c.calls = map[string]*Compiled{}
	o := plan.Options{
		Registry: s.registry,
		Callee: func(name string, from *yaml.Source) (*plan.Plan, error) {
			callee, err := s.callee(name, from, by)
			c.calls[name] = callee
			var wrong *plan.CallError
			if c.circle == nil && errors.As(err, &wrong) && wrong.Code == plan.CodeRecursion {
				c.circle = wrong
			}
			if err != nil {
				return nil, err
			}
			return callee.Plan, nil
		},
	}
	if s.env != nil {
		o.Vars, o.Groups = s.env.VarTypes, s.env.GroupTypes()
		if s.env.File != "" { // the built-in one has no roles, and nobody could list any
			o.Roles = append([]string{}, slices.Sorted(maps.Keys(s.env.Roles))...)
		}
	}
	p, more := s.compile(tree, o)
	c.List = append(c.List, more...)
	c.List.Sort()
	if c.List.Errors() == 0 {
		c.Plan = p
	}
	return c
}

// callee compiles the playbook that a step of from calls.
func (s *session) callee(name string, from *yaml.Source, by around) (*Compiled, error) {
	source, err := s.library.Called(name, from)
	if err != nil {
		return nil, err
	}
	by = append(by[:len(by):len(by)], from)
	if slices.ContainsFunc(by, func(o *yaml.Source) bool {
		return o == source || o.Name == source.Name && o.Embedded == source.Embedded
	}) {
		return nil, plan.Recursion(append(by.names(), name))
	}
	c := s.compiled(source, by)
	switch {
	case c.circle != nil:
		return nil, c.circle
	case c.Plan == nil:
		return nil, plan.Mistaken(name)
	}
	return c, nil
}

func (a around) names() []string {
	names := make([]string, len(a))
	for i, s := range a {
		names[i] = nameOf(s.Name)
	}
	return names
}
