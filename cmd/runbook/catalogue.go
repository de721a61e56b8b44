package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/report"
	"runbook/engine/yaml"
	"runbook/playbooks"
)

// The names by which playbooks are found.
const (
	playbookExt  = ".yaml"
	rehearsalExt = ".rehearsal.yaml"
	localDir     = "playbooks"
)

// entry is a playbook of the catalogue.
type entry struct {
	name     string
	path     string // of the file, or within the embedded catalogue
	embedded bool
}

// read returns the source of the entry.
func (e entry) read() (*yaml.Source, error) {
	if e.embedded {
		text, err := playbooks.Read(e.path)
		if err != nil {
			return nil, fmt.Errorf("read the embedded %s: %w", e.path, err)
		}
		return &yaml.Source{Name: e.path, Text: text, Embedded: true}, nil
	}
	return readFile(e.path)
}

// directories are those that are looked in before the embedded catalogue.
func directories() []string {
	dirs := []string{localDir}
	for _, d := range filepath.SplitList(os.Getenv("RUNBOOK_PATH")) {
		if d != "" && !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// catalogue returns all playbooks in the order in which they are looked for: a
// name that stands twice is hidden by its first entry.
func catalogue() []entry {
	var out []entry
	for _, dir := range directories() {
		for _, file := range playbookFiles(dir) {
			out = append(out, entry{name: nameOf(file), path: file})
		}
	}
	return append(out, embedded()...)
}

func embedded() []entry {
	var out []entry
	for _, file := range playbooks.Names() {
		out = append(out, entry{name: nameOf(file), path: file, embedded: true})
	}
	return out
}

func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), playbookExt) }

func isPlaybook(file string) bool {
	return strings.HasSuffix(file, playbookExt) && !strings.HasSuffix(file, rehearsalExt) && filepath.Base(file) != "runbook.yaml"
}

// playbookFiles returns the playbooks in dir and below, sorted. What cannot be
// read is left out; nothing below a directory whose name begins with a dot is.
func playbookFiles(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && d != nil && d.IsDir():
			return fs.SkipDir
		case err != nil:
			return nil
		case d.IsDir() && path != dir && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && isPlaybook(path):
			out = append(out, path)
		}
		return nil
	})
	slices.Sort(out)
	return out
}

// found is a playbook that was named, and what its name hides.
type found struct {
	source *yaml.Source
	hides  []string
}

// find returns the source of a playbook by its name or path.
func find(name string) (found, error) {
	if isPath(name) {
		source, err := readFile(name)
		return found{source: source}, err
	}
	return lookup(name, catalogue())
}

func isPath(name string) bool {
	return strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, playbookExt)
}

func lookup(name string, all []entry) (found, error) {
	var hits []entry
	for _, e := range all {
		if e.name == name {
			hits = append(hits, e)
		}
	}
	if len(hits) == 0 {
		return found{}, unknownPlaybook(name, all)
	}
	source, err := hits[0].read()
	f := found{source: source}
	for _, h := range hits[1:] {
		f.hides = append(f.hides, h.where())
	}
	return f, err
}

func (e entry) where() string {
	if e.embedded {
		return e.path + " (embedded)"
	}
	return e.path
}

func unknownPlaybook(name string, all []entry) error {
	var names []string
	for _, e := range all {
		names = append(names, e.name)
	}
	places := "./" + localDir + ", $RUNBOOK_PATH"
	if os.Getenv("RUNBOOK_PATH") == "" {
		places += " (not set)"
	}
	facts := []report.Fact{{Label: "looked in", Value: fmt.Sprintf("%s, %d embedded", places, len(embedded()))}}
	do := "runbook list"
	if near := diag.Nearest(name, names); near != "" {
		facts = append(facts, report.Fact{Label: "nearest", Value: near})
		do = "runbook show " + near
	}
	return &problem{code: exitInvalid, failure: &action.Failure{What: "no playbook " + strconv.Quote(name)}, facts: append(facts, report.Fact{Label: "do", Value: do})}
}

func readFile(path string) (*yaml.Source, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return &yaml.Source{Name: filepath.ToSlash(filepath.Clean(path)), Text: text}, nil
	}
	cause := err
	var pe *fs.PathError
	if errors.As(err, &pe) {
		cause = pe.Err
	}
	return nil, &problem{code: exitInvalid, failure: &action.Failure{
		What: fmt.Sprintf("cannot read %s: %v", path, cause), Do: []string{"runbook list"}, Err: err,
	}}
}
