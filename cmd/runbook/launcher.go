package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/file"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/playbooks"
)

// newLauncher returns the launcher of this process: all actions, and the playbooks
// of ./playbooks, of $RUNBOOK_PATH, and of the binary. A list of actions that is
// wrong is a fault of runbook itself, which its tests find.
func newLauncher() *launch.Launcher {
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		panic(fmt.Errorf("the list of actions: %w", err))
	}
	dirs, places := []string{"playbooks"}, "./playbooks, $RUNBOOK_PATH"
	path := os.Getenv("RUNBOOK_PATH")
	if path == "" {
		places += " (not set)"
	}
	for _, d := range filepath.SplitList(path) {
		if d != "" && !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return launch.New(registry, launch.NewCatalogue(dirs, playbooks.Files(), places), engineVersion())
}

// who is the user of this process, and its host.
func who() launch.Who {
	w := launch.Who{User: "unknown", Host: "unknown"}
	if u, err := user.Current(); err == nil && u.Username != "" {
		w.User = u.Username
	}
	if name, err := os.Hostname(); err == nil {
		w.Host = name
	}
	w.Trigger = event.Trigger{Kind: event.ByPerson, By: w.User}
	return w
}

// secretFrom reads a secret from a file or a variable: what stands on a command
// line can be read by everyone on the host.
func secretFrom(from string) (string, error) {
	if path, ok := strings.CutPrefix(from, "@"); ok {
		text, err := file.Read(path, file.MostOfSecret)
		if err != nil {
			return "", fmt.Errorf("cannot read the file %s: %w", path, file.Reason(err))
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	name, ok := strings.CutPrefix(from, "env:")
	if !ok {
		return "", errors.New("it is a secret; a command line is no place for it")
	}
	text, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("the variable %s is not set", name)
	}
	return strings.TrimRight(text, "\r\n"), nil
}

// plan compiles a playbook for reading, without an environment.
func (a *app) plan(name string) (*plan.Plan, error) { return a.launcher().Plan(name, nil) }
