package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/disk"
)

type findParams struct {
	Path          string         `yaml:"path" min:"1" doc:"The directory to look in."`
	Name          string         `yaml:"name,omitempty" doc:"Pattern of the last part of the path, as *.log; without it any."`
	Kind          string         `yaml:"kind" default:"file" enum:"file,directory,link,any" doc:"What is found. Links are not followed."`
	OlderThan     *time.Duration `yaml:"older_than" min:"0s" doc:"Only what was last changed longer ago."`
	NewerThan     *time.Duration `yaml:"newer_than" min:"0s" doc:"Only what was changed within this time."`
	LargerThan    *schema.Size   `yaml:"larger_than" min:"0B" doc:"Only files of more bytes."`
	ButNewest     int            `yaml:"but_newest" default:"0" min:"0" doc:"So many of the newest of what is found are left out: what a retention keeps."`
	Sorted        string         `yaml:"sorted" default:"name" enum:"name,newest,oldest,largest" doc:"Order of the list."`
	Depth         int            `yaml:"depth" default:"64" min:"1" max:"1000" doc:"How deep to look: 1 is the directory alone."`
	OneFilesystem bool           `yaml:"one_filesystem" default:"false" doc:"Whether what is mounted below is left out."`
	Limit         int            `yaml:"limit" default:"1000" min:"1" max:"10000" doc:"How many are listed; count and total_bytes are of all."`
}

func (p findParams) Brief() string {
	parts := []string{p.Path}
	if p.Name != "" {
		parts = append(parts, p.Name)
	}
	if p.OlderThan != nil {
		parts = append(parts, "older than "+schema.HumanDuration(*p.OlderThan))
	}
	if p.NewerThan != nil {
		parts = append(parts, "newer than "+schema.HumanDuration(*p.NewerThan))
	}
	if p.LargerThan != nil {
		parts = append(parts, "larger than "+schema.HumanBytes(float64(*p.LargerThan)))
	}
	return strings.Join(parts, ", ")
}

type foundFile struct {
	Path       string    `yaml:"path" doc:"Absolute."`
	Name       string    `yaml:"name" doc:"The last part of the path."`
	Kind       string    `yaml:"kind" doc:"file, directory, link or other."`
	SizeBytes  int       `yaml:"size_bytes" doc:"Of a file; 0 of others."`
	Modified   time.Time `yaml:"modified" doc:"When its content was last changed."`
	AgeSeconds float64   `yaml:"age_seconds" doc:"Time since then."`
}

type findOutputs struct {
	Files      []foundFile `yaml:"files" show:"first" doc:"In the order that was asked for."`
	Count      int         `yaml:"count" doc:"How many there are, also those beyond the limit."`
	TotalBytes int         `yaml:"total_bytes" doc:"Size of all of them."`
	Truncated  bool        `yaml:"truncated" doc:"Whether the list holds fewer than there are."`
	Unreadable []string    `yaml:"unreadable" doc:"Directories that could not be read, at most 100: what is in them is not found."`
}

func (o findOutputs) Summary() string {
	text := schema.HumanQuantity(o.Count, "found", "found") + ", " + schema.HumanBytes(float64(o.TotalBytes))
	if n := len(o.Unreadable); n > 0 {
		text += "; " + schema.HumanQuantity(n, "directory", "directories") + " could not be read"
	}
	return text
}

// Find lists files.
var Find = action.New(action.Spec[findParams, findOutputs]{
	Name:    "file.find",
	Summary: "Finds files by name, age and size below a directory, which is what a retention or a clean-up needs to know first.",
	Example: `
action: file.find
with: {path: data/backups, name: "*.tar.gz", older_than: 14d, but_newest: 3, sorted: oldest}
verify: [outputs.count < 100]
`,
	Effect: action.Read,
	Run:    find,
})

// mostVisited bounds what is looked at, and mostFound what is kept until it is sorted.
const (
	mostVisited    = 5_000_000
	mostFound      = 500_000
	mostUnreadable = 100
)

// search is a walk through a directory.
type search struct {
	findParams
	call       action.Call
	root       string
	now        time.Time
	device     uint64
	visited    int
	found      []foundFile
	unreadable []string
}

func find(ctx context.Context, call action.Call, p findParams) (findOutputs, error) {
	root, err := disk.Behind(call, "looking in", "path", p.Path)
	if err != nil {
		return findOutputs{}, err
	}
	if _, err := filepath.Match(p.Name, ""); err != nil {
		return findOutputs{}, action.ParamError("name", "%q is no pattern: %v", p.Name, err)
	}
	info, err := os.Stat(root)
	if err != nil {
		return findOutputs{}, disk.Failed(root, "looking in it", err)
	}
	if !info.IsDir() {
		return findOutputs{}, &action.Failure{Where: root, What: "it is no directory", Final: true, Do: []string{"name the directory that it lies in"}}
	}
	s := &search{findParams: p, call: call, root: root, now: call.Clock.Now(), device: disk.Device(info)}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return s.visit(path, d, err)
	}); err != nil {
		if ctx.Err() != nil {
			return findOutputs{}, &action.Failure{Where: root, What: "it could not be searched to its end in time", Err: ctx.Err(), Do: []string{"raise the step's timeout, or look deeper in the tree"}}
		}
		return findOutputs{}, disk.Failed(root, "looking in it", err)
	}
	return s.outputs(), nil
}

// visit takes up what a walk comes to.
func (s *search) visit(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return s.missed(path, err)
	}
	if path == s.root {
		return nil
	}
	if s.visited++; s.visited > mostVisited {
		return &action.Failure{Where: s.root, What: "it holds more than " + schema.HumanCount(mostVisited) + " files", Final: true, Do: []string{"look deeper in the tree"}}
	}
	if s.visited%10_000 == 0 {
		s.call.Progress(action.Progress{Done: s.visited, Note: path})
	}
	info, err := d.Info()
	if err != nil {
		return s.missed(path, err)
	}
	if s.take(path, info); len(s.found) > mostFound {
		return &action.Failure{Where: s.root, What: "more than " + schema.HumanCount(mostFound) + " are found", Final: true, Do: []string{"narrow it by name, older_than or larger_than"}}
	}
	if !d.IsDir() {
		return nil
	}
	below, _ := filepath.Rel(s.root, path)
	if strings.Count(below, string(filepath.Separator))+2 > s.Depth || s.OneFilesystem && disk.Device(info) != s.device {
		return fs.SkipDir
	}
	return nil
}

// missed notes what could not be read; what went meanwhile is none of it.
func (s *search) missed(path string, err error) error {
	if path == s.root {
		return err
	}
	if !errors.Is(err, fs.ErrNotExist) && len(s.unreadable) < mostUnreadable {
		s.unreadable = append(s.unreadable, path)
	}
	return nil
}

// take keeps what is as asked for.
func (s *search) take(path string, info fs.FileInfo) {
	kind, old := disk.Kind(info.Mode()), s.now.Sub(info.ModTime())
	name := filepath.Base(path)
	matches, _ := filepath.Match(s.Name, name)
	switch {
	case s.Kind != "any" && kind != s.Kind,
		s.Name != "" && !matches,
		s.OlderThan != nil && old <= *s.OlderThan,
		s.NewerThan != nil && old >= *s.NewerThan,
		s.LargerThan != nil && (kind != "file" || info.Size() <= int64(*s.LargerThan)):
		return
	}
	f := foundFile{Path: path, Name: name, Kind: kind, Modified: info.ModTime(), AgeSeconds: old.Seconds()}
	if kind == "file" {
		f.SizeBytes = int(info.Size())
	}
	s.found = append(s.found, f)
}

// outputs sorts what was found, and leaves out what is to be kept.
func (s *search) outputs() findOutputs {
	newest := func(a, b foundFile) int { return b.Modified.Compare(a.Modified) }
	if s.ButNewest > 0 {
		slices.SortStableFunc(s.found, newest)
		s.found = s.found[min(s.ButNewest, len(s.found)):]
	}
	slices.SortStableFunc(s.found, map[string]func(a, b foundFile) int{
		"name":    func(a, b foundFile) int { return strings.Compare(a.Path, b.Path) },
		"newest":  newest,
		"oldest":  func(a, b foundFile) int { return a.Modified.Compare(b.Modified) },
		"largest": func(a, b foundFile) int { return b.SizeBytes - a.SizeBytes },
	}[s.Sorted])
	o := findOutputs{Count: len(s.found), Unreadable: s.unreadable, Truncated: len(s.found) > s.Limit}
	for _, f := range s.found {
		o.TotalBytes += f.SizeBytes
	}
	o.Files = s.found[:min(s.Limit, len(s.found))]
	return o
}
