package action_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/action"
)

// TestConfine holds what a run that is kept to a place may reach, and that one that
// is not may reach all.
func TestConfine(t *testing.T) {
	folder := t.TempDir()
	targets := []action.Target{{Address: "http://127.0.0.1:8060/below"}, {Address: "https://app.example"}, {Address: "127.0.0.1:6379"}, {Address: "unix:///run/docker.sock"}, {}}
	kept := &action.Confine{Because: "it stays", Folder: folder, Reach: action.Reaches(targets), Has: func(asked action.Asked) bool { return asked.Argv[0] == "sh" }}
	asked := &action.Confine{Because: "it stays", Programs: true, Reach: action.Reaches(targets)}
	for _, c := range []struct {
		what        string
		ask         func(*action.Confine) error
		kept, asked bool
	}{
		{"a program", func(c *action.Confine) error { return only(c.Program("touch", argv("touch"))) }, false, true},
		{"a program of a container", func(c *action.Confine) error { return only(c.Exec("exec", argv("sh"))) }, true, true},
		{"one that it lacks", func(c *action.Confine) error { return only(c.Exec("exec", argv("restic"))) }, false, true},
		{"a request", func(c *action.Confine) error { return only(c.Request("app.example:443", action.Asked{Method: "GET"})) }, true, true},
		{"one elsewhere", func(c *action.Confine) error {
			return only(c.Request("hooks.example:443", action.Asked{Method: "POST"}))
		}, false, false},
		{"a target by URL", func(c *action.Confine) error { return c.Address("GET", "127.0.0.1:8060") }, true, true},
		{"a target by URL without a port", func(c *action.Confine) error { return c.Address("GET", "app.example:443") }, true, true},
		{"another port", func(c *action.Confine) error { return c.Address("GET", "app.example:80") }, false, false},
		{"a target by address", func(c *action.Confine) error { return c.Address("GET", "127.0.0.1:6379") }, true, true},
		{"no address", func(c *action.Confine) error { return c.Address("GET", ":80") }, false, false},
		{"a file below", func(c *action.Confine) error { return c.File("read", filepath.Join(folder, "a", "b")) }, true, true},
		{"one beside", func(c *action.Confine) error { return c.File("read", folder+"x") }, false, true},
		{"one above", func(c *action.Confine) error { return c.File("read", folder+"/a/../../b") }, false, true},
		{"a relative one", func(c *action.Confine) error { return c.File("read", "b") }, false, true},
	} {
		for name, want := range map[string]struct {
			in     *action.Confine
			passes bool
		}{"kept": {kept, c.kept}, "asked": {asked, c.asked}, "free": {nil, true}} {
			err := c.ask(want.in)
			if (err == nil) != want.passes {
				t.Errorf("%s, %s: %v", c.what, name, err)
			}
			if err != nil && (!errors.Is(err, action.ErrConfined) || action.ClassOf(err) != action.AppliedNot || !action.AsFailure(err).Final) {
				t.Errorf("%s, %s: %#v", c.what, name, err)
			}
		}
	}
}

func argv(words ...string) action.Asked { return action.Asked{Argv: words} }

// only is the error of what no stub answers.
func only(a *action.Answer, err error) error {
	if a != nil {
		return fmt.Errorf("%v answers", a)
	}
	return err
}

// stubs answer all that begins with "known", and count.
type stubs struct{ asked int }

func (s *stubs) Answer(asked action.Asked) *action.Answer {
	s.asked++
	if strings.HasPrefix(strings.Join(asked.Argv, " ")+asked.URL+asked.Port, "known") {
		return &action.Answer{}
	}
	return nil
}

func (s *stubs) Stands(asked action.Asked) bool {
	return len(asked.Argv) == 1 && asked.Argv[0] == "known"
}

func (s *stubs) Refused(action.Asked) []string { return []string{"- {the: line}"} }

// TestStubsAnswerFirst holds that a stub goes before what the place has, and that what
// is refused says which stub would answer.
func TestStubsAnswerFirst(t *testing.T) {
	s := &stubs{}
	c := &action.Confine{Because: "it stays", Stubs: s, Reach: func(string) bool { return false }, Has: func(action.Asked) bool { return false }}
	for name, ask := range map[string]func(word string) (*action.Answer, error){
		"program": func(word string) (*action.Answer, error) { return c.Program("it", argv(word)) },
		"exec":    func(word string) (*action.Answer, error) { return c.Exec("it", argv(word)) },
		"request": func(word string) (*action.Answer, error) { return c.Request("x:80", action.Asked{URL: word}) },
		"port":    func(word string) (*action.Answer, error) { return c.Connect(action.Asked{Port: word}) },
	} {
		if a, err := ask("known"); a == nil || err != nil {
			t.Errorf("%s: %v, %v", name, a, err)
		}
		if a, err := ask("other"); a != nil || !errors.Is(err, action.ErrConfined) || action.AsFailure(err).Do[0] != "- {the: line}" {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	if !c.Stands(argv("known")) || c.Stands(argv("other")) || (*action.Confine)(nil).Stands(argv("known")) {
		t.Error("what stands is what a stub answers")
	}
	c.Programs, c.Has, c.Reach = true, nil, func(string) bool { return true }
	if a, err := c.Program("it", argv("known")); a == nil || err != nil || s.asked != 9 {
		t.Errorf("%v, %v, asked %d times", a, err, s.asked)
	}
}
