package action_test

import (
	"errors"
	"path/filepath"
	"testing"

	"runbook/engine/action"
)

// TestConfine holds what a run that is kept to a place may reach, and that one that
// is not may reach all.
func TestConfine(t *testing.T) {
	folder := t.TempDir()
	targets := []action.Target{{Address: "http://127.0.0.1:8060/below"}, {Address: "https://app.example"}, {Address: "127.0.0.1:6379"}, {Address: "unix:///run/docker.sock"}, {}}
	kept := &action.Confine{Because: "it stays", Folder: folder, Reach: action.Reaches(targets), Has: func(program string) bool { return program == "sh" }}
	asked := &action.Confine{Because: "it stays", Programs: true, Reach: action.Reaches(targets)}
	for _, c := range []struct {
		what        string
		ask         func(*action.Confine) error
		kept, asked bool
	}{
		{"a program", func(c *action.Confine) error { return c.Program("touch") }, false, true},
		{"a program of a container", func(c *action.Confine) error { return c.Exec("exec", "sh") }, true, true},
		{"one that it lacks", func(c *action.Confine) error { return c.Exec("exec", "restic") }, false, true},
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
