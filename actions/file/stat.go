package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/disk"
)

type statParams struct {
	Path string `yaml:"path" min:"1" doc:"The file, directory or link."`
}

func (p statParams) Brief() string { return p.Path }

type statOutputs struct {
	Exists     bool       `yaml:"exists" doc:"Whether there is something. Nothing there is no error of the step: verify it."`
	Kind       *string    `yaml:"kind" doc:"file, directory, link or other; nil where there is nothing, as are the next."`
	SizeBytes  *int       `yaml:"size_bytes" doc:"Of a file: its size."`
	Modified   *time.Time `yaml:"modified" doc:"When its content was last changed."`
	AgeSeconds *float64   `yaml:"age_seconds" doc:"Time since then; below 0 where it lies ahead."`
	Mode       *string    `yaml:"mode" doc:"Permissions as chmod takes them: 0644."`
	Owner      *string    `yaml:"owner" doc:"Name of the user, or its number."`
	Group      *string    `yaml:"group" doc:"Name of the group, or its number."`
	LinkTo     *string    `yaml:"link_to" doc:"Of a link: where it leads to."`
}

func (o statOutputs) Summary() string {
	switch {
	case !o.Exists:
		return "nothing is there"
	case *o.Kind == "file":
		return schema.HumanBytes(float64(*o.SizeBytes)) + ", " + disk.Age(*o.AgeSeconds) + ", " + *o.Mode
	case *o.Kind == "link":
		return "a link to " + *o.LinkTo
	}
	return *o.Kind + ", " + disk.Age(*o.AgeSeconds) + ", " + *o.Mode
}

// Stat looks at a path.
var Stat = action.New(action.Spec[statParams, statOutputs]{
	Name:    "file.stat",
	Summary: "Looks whether a file, directory or link is there, how large and how old it is, and who may use it. A link is not followed.",
	Example: `
action: file.stat
with: {path: data/backups/one.tar.gz}
verify: ["outputs.age_seconds != nil && outputs.age_seconds < 26 * 3600"]
`,
	Effect: action.Read,
	Run:    stat,
})

func stat(_ context.Context, call action.Call, p statParams) (statOutputs, error) {
	path, err := disk.Place(call, "looking at", "path", p.Path)
	if err != nil {
		return statOutputs{}, err
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return statOutputs{}, nil
	}
	if err != nil {
		return statOutputs{}, disk.Failed(path, "looking at it", err)
	}
	kind, mode, modified := disk.Kind(info.Mode()), disk.Mode(info.Mode()), info.ModTime()
	seconds := call.Clock.Now().Sub(modified).Seconds()
	o := statOutputs{Exists: true, Kind: &kind, Mode: &mode, Modified: &modified, AgeSeconds: &seconds}
	o.Owner, o.Group = ownerOf(info)
	switch kind {
	case "file":
		size := int(info.Size())
		o.SizeBytes = &size
	case "link":
		to, err := os.Readlink(path)
		if err != nil {
			return statOutputs{}, disk.Failed(path, "reading the link", err)
		}
		o.LinkTo = &to
	}
	return o, nil
}
