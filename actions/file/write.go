package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"unicode/utf8"

	"runbook/engine/action"
	read "runbook/engine/file"
	"runbook/engine/schema"
	"runbook/internal/disk"
)

// written is what both ways to write a file have in common.
type written struct {
	Mode   string `yaml:"mode,omitempty" pattern:"^[0-7]{3,4}$" doc:"Permissions as chmod takes them: 0644. Without it those of the file that is there, else 0644."`
	Backup string `yaml:"backup,omitempty" doc:"Path to which the file that is there is copied first; nothing may be there yet."`
}

type writeOutputs struct {
	Path            string `yaml:"path" doc:"The file, absolute; of a link, where it leads to."`
	Changed         bool   `yaml:"changed" doc:"false: the file was so already."`
	Created         bool   `yaml:"created" doc:"Whether there was no file before."`
	SizeBytes       int    `yaml:"size_bytes" doc:"Its size now."`
	BeforeSizeBytes int    `yaml:"before_size_bytes" doc:"Its size before; 0 where there was none."`
	Checksum        string `yaml:"checksum" doc:"SHA-256 of the content, as sha256sum prints it."`
	BeforeChecksum  string `yaml:"before_checksum" doc:"That of before; empty where there was none."`
}

func (o writeOutputs) Summary() string {
	switch {
	case !o.Changed:
		return o.Path + " is so already"
	case o.Created:
		return o.Path + " made, " + schema.HumanBytes(float64(o.SizeBytes))
	}
	return fmt.Sprintf("%s written, %s → %s", o.Path, schema.HumanBytes(float64(o.BeforeSizeBytes)), schema.HumanBytes(float64(o.SizeBytes)))
}

// Nothing reports that all was as it should be.
func (o writeOutputs) Nothing() bool { return !o.Changed }

type writeParams struct {
	Path string `yaml:"path" min:"1" doc:"The file; a link stays, and what it leads to is written. Its directory must be there."`
	Text string `yaml:"text" doc:"The whole content."`
	written
}

func (p writeParams) Brief() string { return p.Path }

// text gives what is to be in a file.
func (p writeParams) text(action.Call) (path, text string, with written, err error) {
	return p.Path, p.Text, p.written, nil
}

// Write gives a file its content.
var Write = action.New(writing(action.Spec[writeParams, writeOutputs]{
	Name:    "file.write",
	Summary: "Gives a file its content, whole or not at all; the preview shows which lines change. Owner and permissions stay.",
	Example: `
action: file.write
with:
  path: data/app.conf
  text: |
    workers = 4
    timeout = 30
  backup: "data/app.conf.${{ run.id }}"
`,
}))

type templateParams struct {
	From   string         `yaml:"from" min:"1" doc:"The template, a file; values stand in it as {{ .name }}, and the rest is text/template of Go."`
	Path   string         `yaml:"path" min:"1" doc:"The file that is written; a link stays, and what it leads to is written. Its directory must be there."`
	Values map[string]any `yaml:"values" doc:"What the names in the template stand for. One that is not given is an error."`
	written
}

func (p templateParams) Brief() string { return p.From + " to " + p.Path }

// text fills the template in.
func (p templateParams) text(call action.Call) (path, text string, with written, err error) {
	from, err := disk.Behind(call, "reading", "from", p.From)
	if err != nil {
		return "", "", with, err
	}
	source, err := disk.Content(from)
	if err != nil {
		return "", "", with, err
	}
	var out bytes.Buffer
	t, err := template.New(filepath.Base(from)).Option("missingkey=error").Parse(string(source))
	if err == nil {
		err = t.Execute(&limited{Buffer: &out}, p.Values)
	}
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "template: ")
		return "", "", with, &action.Failure{Where: from, What: "the template cannot be filled in: " + why, Err: err, Final: true, Do: []string{"correct the template, or give what it lacks under values"}}
	}
	return p.Path, out.String(), p.written, nil
}

// limited is a buffer that a template without an end does not fill.
type limited struct{ *bytes.Buffer }

// Write fails beyond the most that is held of a file.
func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > disk.Most {
		return 0, errors.New("it gives more than " + schema.HumanBytes(disk.Most))
	}
	return l.Buffer.Write(b)
}

// Template gives a file its content, made of a template.
var Template = action.New(writing(action.Spec[templateParams, writeOutputs]{
	Name:    "file.template",
	Summary: "Fills a template in and writes it to a file, whole or not at all; the preview shows which lines change. Owner and permissions stay.",
	Example: `
action: file.template
with: {from: data/app.conf.tmpl, path: data/app.conf, values: {workers: 4}}
`,
}))

// source gives what a file is to have.
type source interface {
	text(action.Call) (path, text string, with written, err error)
}

// writing completes the declaration of an action that gives a file its content.
func writing[P source](spec action.Spec[P, writeOutputs]) action.Spec[P, writeOutputs] {
	spec.Effect = action.Write
	spec.Run = func(ctx context.Context, call action.Call, p P) (writeOutputs, error) {
		w, err := writingOf(call, p)
		if err != nil {
			return writeOutputs{}, action.NotApplied(err)
		}
		return w.write(ctx, call)
	}
	spec.Preview = func(_ context.Context, call action.Call, p P) (action.Preview, error) {
		w, err := writingOf(call, p)
		if err != nil {
			return action.Preview{}, err
		}
		return w.preview(), nil
	}
	spec.Subjects = func(_ context.Context, call action.Call, p P) ([]action.Subject, error) {
		w, err := writingOf(call, p)
		if err != nil {
			return nil, err
		}
		s, err := disk.SubjectOf(w.path)
		return []action.Subject{s}, err
	}
	spec.Settle = func(_ context.Context, call action.Call, p P, before []action.Subject) (action.Applied, *writeOutputs, error) {
		return settleWrite(call, p, before)
	}
	spec.Look = func(_ action.Call, p P, before []action.Subject) string {
		if len(before) == 1 {
			return disk.Shows(before[0].Name)
		}
		return ""
	}
	return spec
}

// write is a file, what it has and what it is to have.
type write struct {
	written
	path   string
	info   fs.FileInfo // of the file that is there; nil: there is none
	before []byte
	after  []byte
	backup string // absolute; "" for none
}

// writingOf looks at the file, and refuses what cannot be written.
func writingOf(call action.Call, p source) (write, error) {
	name, text, with, err := p.text(call)
	if err != nil {
		return write{}, err
	}
	w := write{written: with, after: []byte(text)}
	if len(w.after) > disk.Most {
		return write{}, action.ParamError("text", "it has more than %s", schema.HumanBytes(disk.Most))
	}
	if w.path, err = disk.Behind(call, "writing", "path", name); err != nil {
		return write{}, err
	}
	if with.Backup != "" {
		if w.backup, err = disk.Place(call, "writing", "backup", with.Backup); err != nil {
			return write{}, err
		}
		if _, err := os.Lstat(w.backup); !errors.Is(err, fs.ErrNotExist) {
			return write{}, disk.Failed(w.backup, "making a copy there", errors.Join(err, fs.ErrExist))
		}
	}
	w.info, err = os.Lstat(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(w.path)); err != nil {
			return write{}, disk.Failed(filepath.Dir(w.path), "writing a file there", err)
		}
		w.info = nil
		return w, nil
	}
	if err != nil {
		return write{}, disk.Failed(w.path, "looking at it", err)
	}
	w.before, err = disk.Content(w.path)
	return w, err
}

// mode is that of the file afterwards.
func (w write) mode() fs.FileMode {
	switch {
	case w.Mode != "":
		return modeFrom(w.Mode)
	case w.info != nil:
		return modeFrom(disk.Mode(w.info.Mode()))
	}
	return 0o644
}

// same reports whether nothing is to be done.
func (w write) same() bool {
	return w.info != nil && bytes.Equal(w.before, w.after) && disk.Mode(w.info.Mode()) == disk.Mode(w.mode())
}

func (w write) outputs() writeOutputs {
	o := writeOutputs{Path: w.path, Created: w.info == nil, SizeBytes: len(w.after), BeforeSizeBytes: len(w.before), Checksum: sum(w.after)}
	if w.info != nil {
		o.BeforeChecksum = sum(w.before)
	}
	o.Changed = !w.same()
	return o
}

func (w write) write(ctx context.Context, call action.Call) (writeOutputs, error) {
	if call.DryRun {
		return writeOutputs{}, action.RefusedInDryRun("writing " + w.path)
	}
	o := w.outputs()
	if !o.Changed {
		return o, nil
	}
	if w.backup != "" && w.info != nil {
		if err := replace(ctx, w.backup, filling(w.before), w.info.Mode(), w.info, true); err != nil {
			return writeOutputs{}, unmade(w.backup, "copying the file to it", err)
		}
	}
	if err := replace(ctx, w.path, filling(w.after), w.mode(), w.info, false); err != nil {
		err = unmade(w.path, "writing it", err)
		if w.backup != "" && w.info != nil {
			f := *action.AsFailure(err)
			f.Seen = append(f.Seen, "the copy "+w.backup+" was made")
			return writeOutputs{}, action.Partial(&f)
		}
		return writeOutputs{}, err
	}
	return o, nil
}

func (w write) preview() action.Preview {
	p := action.Preview{Touches: []action.Object{{Kind: "file", Name: w.path}}}
	switch {
	case w.same():
		p.Summary = "write " + w.path + ", which is so already"
		return p
	case w.info == nil:
		p.Summary = fmt.Sprintf("make %s of %s, %s", w.path, schema.HumanBytes(float64(len(w.after))), disk.Mode(w.mode()))
	default:
		p.Summary = fmt.Sprintf("write %s, %s → %s", w.path, schema.HumanBytes(float64(len(w.before))), schema.HumanBytes(float64(len(w.after))))
		if now, then := disk.Mode(w.info.Mode()), disk.Mode(w.mode()); now != then {
			p.Changes = append(p.Changes, action.Change{Name: "mode", Before: now, After: then})
		}
		if n := linksOf(w.info); n > 1 {
			p.Summary += fmt.Sprintf("; its %d other names keep the former content", n-1)
		}
		if w.backup != "" {
			p.Touches = append(p.Touches, action.Object{Kind: "file", Name: w.backup, Note: "a copy of the former content"})
		}
	}
	p.Changes = append(p.Changes, changesOf(w.before, w.after)...)
	return p
}

// settleWrite compares what is there with what was to be written. The name changes at
// once, so that it is one or the other.
func settleWrite(call action.Call, p source, before []action.Subject) (action.Applied, *writeOutputs, error) {
	name, text, _, err := p.text(call)
	if err != nil || len(before) != 1 {
		return action.AppliedLost, nil, err
	}
	path, err := disk.Behind(call, "reading", "path", name)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	now, err := disk.SubjectOf(path)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	if now == before[0] {
		return action.AppliedNot, nil, nil
	}
	if now.ID == disk.Absent {
		return action.AppliedLost, nil, nil
	}
	is, err := disk.Content(path)
	if err != nil || string(is) != text {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &writeOutputs{Path: path, Changed: true, Created: before[0].ID == disk.Absent, SizeBytes: len(is), Checksum: sum(is)}, nil
}

// replace fills a file beside its place, syncs it, and gives it its name. It gets the
// owner of another file, if one is given. If it is fresh, nothing may be there.
func replace(ctx context.Context, path string, fill func(io.Writer) error, mode fs.FileMode, was fs.FileInfo, fresh bool) (err error) {
	dir, base := filepath.Split(path)
	f, err := os.CreateTemp(dir, "."+base+".runbook-*")
	if err != nil {
		return err
	}
	temporary := f.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary))
		}
	}()
	if err = fill(f); err == nil && was != nil {
		err = keepOwner(f, was)
	}
	if err == nil { // after the owner: a change of it takes setuid away
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return named(temporary, path, fresh)
}

// unmade is an error that came before a file had its name, unless it says otherwise.
func unmade(path, doing string, err error) error {
	if err = disk.Failed(path, doing, err); action.ClassOf(err) == action.AppliedPart {
		return err
	}
	return action.NotApplied(err)
}

// filling writes a text.
func filling(text []byte) func(io.Writer) error {
	return func(out io.Writer) error {
		_, err := out.Write(text)
		return err
	}
}

// named gives a file its name, and syncs the directory.
func named(temporary, path string, fresh bool) error {
	if fresh {
		if err := os.Link(temporary, path); err != nil {
			return err
		}
		if err := os.Remove(temporary); err != nil {
			return err
		}
	} else if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return durable(path)
}

// durable makes the name of a file durable.
func durable(path string) error {
	if err := read.SyncDirectory(filepath.Dir(path)); err != nil {
		return &action.Failure{Applied: action.AppliedPart, Where: path, What: "it has its name, but may lose it when the machine loses power: " + err.Error(), Err: err, Do: []string{"sync"}}
	}
	return nil
}

// isText reports whether a content can be shown line by line.
func isText(b []byte) bool { return utf8.Valid(b) && !bytes.ContainsRune(b, 0) }
