package launch

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/file"
	"runbook/engine/yaml"
)

// The names by which playbooks are found.
const (
	playbookExt  = ".yaml"
	rehearsalExt = ".rehearsal.yaml"
)

// Catalogue is the playbooks that can be called by name: those of directories and
// the embedded ones. Names are read once, when it is made, and each text when it
// is first asked for: a file that changes later is seen by a new catalogue. It may
// be used from many goroutines.
type Catalogue struct {
	entries  []Entry            // in the order in which they are looked for
	byName   map[string][]Entry // the first hides the others
	places   string             // where was looked, for people
	embedded fs.FS

	mu    sync.Mutex
	texts map[Entry]*yaml.Source
}

// Entry is a playbook of a catalogue.
type Entry struct {
	Name     string
	Path     string // of the file, or within what is embedded
	Embedded bool
}

// String returns where the entry lies.
func (e Entry) String() string {
	if e.Embedded {
		return e.Path + " (embedded)"
	}
	return e.Path
}

// Rehearsals is where the rehearsals of the playbook lie, if there are some.
func (e Entry) Rehearsals() string { return strings.TrimSuffix(e.Path, playbookExt) + rehearsalExt }

// NewCatalogue reads the names of playbooks: of each directory and what lies below
// it, in order, then of embedded. places says to people where was looked.
func NewCatalogue(dirs []string, embedded fs.FS, places string) *Catalogue {
	c := &Catalogue{byName: map[string][]Entry{}, places: places, embedded: embedded, texts: map[Entry]*yaml.Source{}}
	for _, dir := range dirs {
		for _, file := range Files(dir) {
			c.add(Entry{Name: nameOf(file), Path: file})
		}
	}
	own := len(c.entries)
	for _, file := range playbookFiles(embedded) {
		c.add(Entry{Name: nameOf(file), Path: file, Embedded: true})
	}
	c.places = fmt.Sprintf("%s, %d embedded", places, len(c.entries)-own)
	return c
}

func (c *Catalogue) add(e Entry) {
	c.entries = append(c.entries, e)
	c.byName[e.Name] = append(c.byName[e.Name], e)
}

// Entries returns the playbooks that a name finds: one that another hides is not
// among them.
func (c *Catalogue) Entries() []Entry {
	out := make([]Entry, 0, len(c.byName))
	for _, e := range c.entries {
		if c.byName[e.Name][0] == e {
			out = append(out, e)
		}
	}
	return out
}

// Read returns the text of an entry.
func (c *Catalogue) Read(e Entry) (*yaml.Source, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.texts[e]; have != nil {
		return have, nil
	}
	s, err := c.read(e)
	if err == nil {
		c.texts[e] = s
	}
	return s, err
}

func (c *Catalogue) read(e Entry) (*yaml.Source, error) {
	if !e.Embedded {
		return ReadFile(e.Path)
	}
	text, err := fs.ReadFile(c.embedded, e.Path)
	if err != nil {
		return nil, fmt.Errorf("read the embedded %s: %w", e.Path, err)
	}
	return &yaml.Source{Name: e.Path, Text: text, Embedded: true}, nil
}

// Found is a playbook that was named, and what its name hides.
type Found struct {
	Source *yaml.Source
	Hides  []Entry
}

// Find returns the playbook of that name or path. An error is a *Refusal.
func (c *Catalogue) Find(name string) (Found, error) {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, playbookExt) {
		s, err := ReadFile(name)
		return Found{Source: s}, err
	}
	hits := c.byName[name]
	if len(hits) == 0 {
		return Found{}, c.unknown(name)
	}
	s, err := c.Read(hits[0])
	return Found{Source: s, Hides: hits[1:]}, err
}

// known are those of the names by which a playbook is found.
func (c *Catalogue) known(names []string) (out []string) {
	for _, name := range names {
		if len(c.byName[name]) > 0 {
			out = append(out, name)
		}
	}
	return out
}

// Called returns the playbook of that name for a step of from: one beside its file
// before the others; an embedded one calls embedded ones only.
func (c *Catalogue) Called(name string, from *yaml.Source) (*yaml.Source, error) {
	if !from.Embedded {
		beside := Entry{Name: name, Path: path.Join(path.Dir(from.Name), name+playbookExt)}
		if _, err := os.Stat(beside.Path); err == nil {
			return c.Read(beside)
		}
	}
	for _, e := range c.byName[name] {
		if e.Embedded || !from.Embedded {
			return c.Read(e)
		}
	}
	return nil, c.unknown(name)
}

// Beside returns the file of rehearsals of a playbook; nil where there is none.
func (c *Catalogue) Beside(e Entry) *yaml.Source {
	s, err := c.Read(Entry{Path: e.Rehearsals(), Embedded: e.Embedded})
	if err != nil {
		return nil
	}
	return s
}

func (c *Catalogue) unknown(name string) *Refusal {
	names := make([]string, len(c.entries))
	for i, e := range c.entries {
		names[i] = e.Name
	}
	r := Invalid("no playbook "+strconv.Quote(name), "runbook list")
	r.Failure.Facts = []action.Fact{{Label: "looked in", Value: c.places}}
	if near := diag.Nearest(name, names); near != "" {
		r.Failure.Nearest, r.Failure.Do = []string{near}, []string{"runbook show " + near}
	}
	return r
}

func nameOf(file string) string { return strings.TrimSuffix(path.Base(file), playbookExt) }

// Files returns the playbooks in dir and below, sorted.
func Files(dir string) []string {
	return slices.DeleteFunc(Written(dir), func(file string) bool { return !isPlaybook(file) })
}

// Written returns the playbooks, the rehearsals and the files of environments in dir
// and below, sorted.
func Written(dir string) []string {
	files := filesOf(os.DirFS(dir))
	for i := range files {
		files[i] = path.Join(filepath.ToSlash(dir), files[i])
	}
	return files
}

func playbookFiles(tree fs.FS) []string {
	return slices.DeleteFunc(filesOf(tree), func(file string) bool { return !isPlaybook(file) })
}

// filesOf returns what is written in YAML in a tree, sorted. What cannot be read is
// left out; nothing below a directory whose name begins with a dot is looked at.
func filesOf(tree fs.FS) []string {
	var out []string
	_ = fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil: // of a directory, or of the root
			return fs.SkipDir
		case d.IsDir() && file != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(file, playbookExt):
			out = append(out, file)
		}
		return nil
	})
	slices.Sort(out)
	return out
}

func isPlaybook(file string) bool {
	return !strings.HasSuffix(file, rehearsalExt) && path.Base(file) != environment.DefaultFile
}

// PlaybookOf is the path of the playbook that a file of rehearsals stands beside, by
// its name; ok is false of any other file.
func PlaybookOf(file string) (beside string, ok bool) {
	name, ok := strings.CutSuffix(file, rehearsalExt)
	return name + playbookExt, ok
}

// ReadFile reads a playbook. An error is a *Refusal.
func ReadFile(name string) (*yaml.Source, error) {
	s, err := yaml.Load(name)
	if err == nil {
		s.Name = filepath.ToSlash(filepath.Clean(name))
		return s, nil
	}
	return nil, &Refusal{Ending: event.EndInvalid, Failure: &action.Failure{
		What: fmt.Sprintf("cannot read %s: %v", name, file.Reason(err)), Do: []string{"runbook list"}, Err: err,
	}}
}
