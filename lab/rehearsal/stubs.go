package rehearsal

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/lab"
)

// World is the lab in which stubs change something.
type World interface {
	Heal(fault string) error
	Inject(fault lab.Fault) error
}

// Stubs answer for the runs of one lab.
type Stubs struct {
	world World
	file  string // in which a line is to be added
	all   []*Stub

	mu      sync.Mutex
	calls   map[*Stub]int
	changed string // the last that changed something in the lab
	changes int
	lacking []Note // the lines that would answer what was refused, each with the key that it goes below
	err     error
}

var _ action.Stubs = (*Stubs)(nil)

// NewStubs are stubs that answer in a world, the first ones first; a line for
// another one goes into the file.
func NewStubs(world World, file string, all ...*Stub) *Stubs {
	return &Stubs{world: world, file: file, all: all, calls: map[*Stub]int{}}
}

// Answer is that of the first stub that matches and may still answer.
func (s *Stubs) Answer(asked action.Asked) *action.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		if one.matches(asked) && (one.times == 0 || s.calls[one] < one.times) {
			s.calls[one]++
			answer := one.answer
			answer.Ends = func() { s.effect(one) }
			return &answer
		}
	}
	return nil
}

// Stands reports whether a stub without a bound answers what is asked.
func (s *Stubs) Stands(asked action.Asked) bool {
	return slices.ContainsFunc(s.all, func(one *Stub) bool { return one.times == 0 && one.matches(asked) })
}

// Stage lets the stubs that a file has for all of its rehearsals answer in an
// environment of a lab, and adds the environment that stands there.
func (f *File) Stage(env *environment.Environment, world World, registry *action.Registry) diag.List {
	env.Confine.Stubs = NewStubs(world, f.Source.Name, f.Stubs...)
	if f.Environment == nil {
		return nil
	}
	return env.Add(f.Environment, f.Source, registry)
}

// Refused says the line that would answer what is asked, and notes it.
func (s *Stubs) Refused(asked action.Asked) []string {
	under, line := lineOf(asked)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := (Note{under, line}); !slices.Contains(s.lacking, n) {
		s.lacking = append(s.lacking, n)
	}
	return []string{"add below " + under + ": in " + s.file, line}
}

// refused are the lines that would have answered what was refused so far.
func (s *Stubs) refused() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lacking)
}

// effect is what a stub does to the lab when it has answered.
func (s *Stubs) effect(one *Stub) {
	if one.heals == "" && one.injects == nil {
		return
	}
	var err error
	if one.heals != "" {
		err = s.world.Heal(one.heals)
	}
	if one.injects != nil {
		err = errors.Join(err, s.world.Inject(*one.injects))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed, s.changes, s.err = one.Text, s.changes+1, errors.Join(s.err, err)
}

// unused are the stubs of a list that nothing has called.
func (s *Stubs) unused(of []*Stub) []*Stub {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(of), func(one *Stub) bool { return s.calls[one] > 0 })
}

// effects are how often stubs changed something in the lab, the last that did, and
// what went wrong with it.
func (s *Stubs) effects() (changes int, last string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes, s.changed, s.err
}

// longWord is the length from which a word of an argv is left out of a line, as its
// beginning matches too.
const longWord = 120

// lineOf is the line by which a stub answers what is asked, and the key that it
// stands under.
func lineOf(asked action.Asked) (under, line string) {
	if asked.URL != "" {
		url := asked.Shown
		if exact, _, _ := strings.Cut(asked.URL, "?"); exact != url {
			url = strings.TrimRight(url, "/") + "*"
		}
		return "requests", "- {method: " + asked.Method + ", url: " + quoted(url) + ", status: 200}"
	}
	most := 1
	for most < len(asked.Argv) && len(asked.Argv[most]) <= longWord {
		most++
	}
	return "programs", "- {" + argvOf(asked.Argv, most) + ", stdout: \"\"}"
}

// argvOf is the beginning of an argv as a stub has it.
func argvOf(argv []string, most int) string {
	words := make([]string, 0, most)
	for _, word := range argv[:most] {
		words = append(words, flow(word))
	}
	return "argv: [" + strings.Join(words, ", ") + "]"
}

// flow is a word of a flow sequence, quoted where it must be or may be taken for
// something else.
func flow(word string) string {
	first := strings.TrimLeft(word, "-")
	plain := first != "" && (first[0] >= 'a' && first[0] <= 'z' || word[0] == '/') && word != "---" && !strings.ContainsFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./", r)
	})
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, word) {
		return word
	}
	return quoted(word)
}

// quoted is a text as a scalar in two quotes: YAML takes those of JSON.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text has one
	return strings.TrimSuffix(b.String(), "\n")
}
