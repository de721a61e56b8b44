package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"runbook/engine/action"
	"runbook/internal/disk"
)

type makeDirParams struct {
	Path string `yaml:"path" min:"1" doc:"The directory; those above it are made too."`
	Mode string `yaml:"mode" default:"0755" pattern:"^[0-7]{3,4}$" doc:"Permissions of what is made, as chmod takes them. A directory that is there keeps its own."`
}

func (p makeDirParams) Brief() string { return p.Path }

type makeDirOutputs struct {
	Path string   `yaml:"path" doc:"The directory, absolute."`
	Made []string `yaml:"made" doc:"The directories that were made, the outermost first; empty where all were there."`
}

func (o makeDirOutputs) Summary() string { return o.Path }

// Nothing reports that all was as it should be.
func (o makeDirOutputs) Nothing() bool { return len(o.Made) == 0 }

// MakeDir makes a directory.
var MakeDir = action.New(action.Spec[makeDirParams, makeDirOutputs]{
	Name:    "file.make_dir",
	Summary: "Makes a directory, and those above it.",
	Example: `
action: file.make_dir
with: {path: "data/evidence/${{ run.id }}", mode: "0700"}
`,
	Effect: action.Write,
	Run:    makeDir,
	Preview: func(_ context.Context, call action.Call, p makeDirParams) (action.Preview, error) {
		path, missing, err := p.missing(call)
		if err != nil {
			return action.Preview{}, err
		}
		preview := action.Preview{Summary: "make " + path + ", " + p.Mode}
		if len(missing) == 0 {
			preview.Summary = "make " + path + ", which is there already"
		}
		for _, m := range missing {
			preview.Touches = append(preview.Touches, action.Object{Kind: "directory", Name: m})
		}
		return preview, nil
	},
	Subjects: func(_ context.Context, call action.Call, p makeDirParams) ([]action.Subject, error) {
		path, _, err := p.missing(call)
		if err != nil {
			return nil, err
		}
		s := action.Subject{Kind: "directory", Name: path, ID: disk.Absent}
		if info, err := os.Stat(path); err == nil { // what is in it changes when it likes
			s.ID = disk.Identity(info)
		}
		return []action.Subject{s}, nil
	},
	Settle: func(_ context.Context, call action.Call, p makeDirParams, before []action.Subject) (action.Applied, *makeDirOutputs, error) {
		path, missing, err := p.missing(call)
		switch {
		case err != nil || len(before) != 1:
			return action.AppliedLost, nil, err
		case len(missing) == 0 && before[0].ID == disk.Absent:
			return action.AppliedFully, &makeDirOutputs{Path: path, Made: []string{path}}, nil
		case len(missing) == 0:
			return action.AppliedNot, nil, nil
		}
		return action.AppliedLost, nil, nil // those above may have been made
	},
	Look: func(_ action.Call, p makeDirParams, _ []action.Subject) string { return disk.Shows(p.Path) },
})

// missing are the directories that are not there, the outermost first.
func (p makeDirParams) missing(call action.Call) (path string, missing []string, err error) {
	if path, err = disk.Place(call, "making", "path", p.Path); err != nil {
		return "", nil, err
	}
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at):
			missing = append([]string{at}, missing...)
		case err != nil:
			return "", nil, disk.Failed(at, "looking at it", err)
		case !info.IsDir():
			return "", nil, &action.Failure{Where: at, What: "it is no directory", Final: true, Do: []string{disk.Shows(at)}}
		default:
			return path, missing, nil
		}
	}
}

func makeDir(_ context.Context, call action.Call, p makeDirParams) (makeDirOutputs, error) {
	if call.DryRun {
		return makeDirOutputs{}, action.RefusedInDryRun("making " + p.Path)
	}
	path, missing, err := p.missing(call)
	if err != nil {
		return makeDirOutputs{}, action.NotApplied(err)
	}
	o := makeDirOutputs{Path: path, Made: []string{}}
	for _, m := range missing {
		err := os.Mkdir(m, 0o700)
		if err == nil {
			o.Made = append(o.Made, m)
			err = os.Chmod(m, modeFrom(p.Mode))
		}
		if err == nil {
			err = durable(m)
		}
		if err == nil {
			continue
		}
		f := *action.AsFailure(disk.Failed(m, "making it", err))
		for _, made := range o.Made {
			f.Seen = append(f.Seen, made+" was made")
		}
		if len(o.Made) > 0 {
			return makeDirOutputs{}, action.Partial(&f)
		}
		return makeDirOutputs{}, action.NotApplied(&f)
	}
	return o, nil
}

type setModeParams struct {
	Path  string `yaml:"path" min:"1" doc:"The file or directory; of a link, what it leads to. What is in a directory is not touched."`
	Mode  string `yaml:"mode,omitempty" pattern:"^[0-7]{3,4}$" doc:"Permissions as chmod takes them: 0640."`
	Owner string `yaml:"owner,omitempty" doc:"Name or number of the user that is to own it."`
	Group string `yaml:"group,omitempty" doc:"Name or number of the group."`
}

func (p setModeParams) Brief() string {
	text := p.Path
	for _, v := range []string{p.Mode, p.Owner, p.Group} {
		if v != "" {
			text += " " + v
		}
	}
	return text
}

type setModeOutputs struct {
	Path        string  `yaml:"path" doc:"Absolute."`
	Changed     bool    `yaml:"changed" doc:"false: it was so already."`
	Mode        string  `yaml:"mode" doc:"Permissions now."`
	BeforeMode  string  `yaml:"before_mode" doc:"Permissions before, which undo can set."`
	BeforeOwner *string `yaml:"before_owner" doc:"The user before; nil where the system has none."`
	BeforeGroup *string `yaml:"before_group" doc:"The group before; nil where the system has none."`
}

func (o setModeOutputs) Summary() string {
	if o.Mode != o.BeforeMode {
		return o.Path + " " + o.BeforeMode + " → " + o.Mode
	}
	return o.Path + " " + o.Mode
}

// Nothing reports that all was as it should be.
func (o setModeOutputs) Nothing() bool { return !o.Changed }

// SetMode changes who may use a file.
var SetMode = action.New(action.Spec[setModeParams, setModeOutputs]{
	Name:    "file.set_mode",
	Summary: "Changes permissions, user and group of one file or directory.",
	Example: `
action: file.set_mode
with: {path: data/app.conf, mode: "0640"}
`,
	Effect: action.Write,
	Run:    setMode,
	Preview: func(_ context.Context, call action.Call, p setModeParams) (action.Preview, error) {
		m, err := p.look(call)
		if err != nil {
			return action.Preview{}, err
		}
		preview := action.Preview{Summary: "change who may use " + m.path, Touches: []action.Object{{Kind: disk.Kind(m.info.Mode()), Name: m.path}}, Changes: m.changes()}
		if len(preview.Changes) == 0 {
			preview.Summary = "change who may use " + m.path + ", which is so already"
		}
		return preview, nil
	},
	Subjects: func(_ context.Context, call action.Call, p setModeParams) ([]action.Subject, error) {
		m, err := p.look(call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{m.subject()}, nil
	},
	Settle: func(_ context.Context, call action.Call, p setModeParams, before []action.Subject) (action.Applied, *setModeOutputs, error) {
		m, err := p.look(call)
		switch {
		case err != nil || len(before) != 1:
			return action.AppliedLost, nil, err
		case m.subject() == before[0]:
			return action.AppliedNot, nil, nil
		case len(m.changes()) == 0 && m.subject().ID == before[0].ID:
			return action.AppliedFully, &setModeOutputs{Path: m.path, Changed: true, Mode: disk.Mode(m.info.Mode()), BeforeMode: disk.Mode(m.info.Mode())}, nil
		}
		return action.AppliedLost, nil, nil
	},
	Look: func(_ action.Call, p setModeParams, _ []action.Subject) string { return disk.Shows(p.Path) },
})

// owned is a file, who may use it and who is to.
type owned struct {
	setModeParams
	path         string
	info         fs.FileInfo
	owner, group *string
}

func (p setModeParams) look(call action.Call) (owned, error) {
	m := owned{setModeParams: p}
	if p.Mode == "" && p.Owner == "" && p.Group == "" {
		return m, action.ParamError("mode", "give mode, owner or group, or there is nothing to do")
	}
	var err error
	if m.path, err = disk.Behind(call, "changing", "path", p.Path); err != nil {
		return m, err
	}
	if m.info, err = os.Lstat(m.path); err != nil {
		return m, disk.Failed(m.path, "looking at it", err)
	}
	m.owner, m.group = ownerOf(m.info)
	return m, nil
}

// subject is the file with who may use it; its content changes when it likes.
func (m owned) subject() action.Subject {
	who := disk.Mode(m.info.Mode())
	if m.owner != nil && m.group != nil {
		who += " " + *m.owner + ":" + *m.group
	}
	return action.Subject{Kind: disk.Kind(m.info.Mode()), Name: m.path, ID: disk.Identity(m.info), Version: who}
}

// changes are those that there are to make.
func (m owned) changes() []action.Change {
	var out []action.Change
	add := func(name, before, after string) {
		if after != "" && before != after {
			out = append(out, action.Change{Name: name, Before: before, After: after})
		}
	}
	if m.Mode != "" {
		add("mode", disk.Mode(m.info.Mode()), disk.Mode(modeFrom(m.Mode)))
	}
	if m.owner != nil && m.group != nil {
		add("owner", *m.owner, m.Owner)
		add("group", *m.group, m.Group)
	}
	return out
}

func setMode(_ context.Context, call action.Call, p setModeParams) (setModeOutputs, error) {
	if call.DryRun {
		return setModeOutputs{}, action.RefusedInDryRun("changing " + p.Path)
	}
	m, err := p.look(call)
	if err != nil {
		return setModeOutputs{}, action.NotApplied(err)
	}
	uid, gid, err := idsOf(p.Owner, p.Group)
	if err != nil {
		return setModeOutputs{}, action.NotApplied(action.ParamError("owner", "%v", err))
	}
	o := setModeOutputs{Path: m.path, BeforeMode: disk.Mode(m.info.Mode()), BeforeOwner: m.owner, BeforeGroup: m.group, Changed: len(m.changes()) > 0}
	if uid >= 0 || gid >= 0 {
		if err := os.Chown(m.path, uid, gid); err != nil {
			return setModeOutputs{}, action.NotApplied(disk.Failed(m.path, "giving it to another", err))
		}
	}
	if p.Mode != "" { // after the owner: a change of it takes setuid away
		if err := os.Chmod(m.path, modeFrom(p.Mode)); err != nil {
			err = disk.Failed(m.path, "changing its permissions", err)
			if uid >= 0 || gid >= 0 {
				f := *action.AsFailure(err)
				f.What = fmt.Sprintf("user and group are changed, the permissions are not: %s", f.What)
				return setModeOutputs{}, action.Partial(&f)
			}
			return setModeOutputs{}, action.NotApplied(err)
		}
	}
	info, err := os.Lstat(m.path)
	if err != nil {
		return setModeOutputs{}, action.Partial(disk.Failed(m.path, "looking at it afterwards", err))
	}
	o.Mode = disk.Mode(info.Mode())
	return o, nil
}
