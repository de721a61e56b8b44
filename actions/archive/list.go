package archive

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type listParams struct {
	chosen
	TakenBefore *time.Time `yaml:"taken_before" doc:"Only archives that were begun before this moment, as that of a loss."`
	Limit       int        `yaml:"limit" default:"100" min:"1" max:"10000" doc:"How many are listed; count and total_bytes are of all."`
}

func (p listParams) Brief() string {
	text := p.Path
	if p.TakenBefore != nil {
		text += ", taken before " + p.TakenBefore.UTC().Format(time.RFC3339)
	}
	return text
}

type listedArchive struct {
	Path       string    `yaml:"path" doc:"The directory, absolute."`
	Kind       string    `yaml:"kind" doc:"What it is of: mongo or files."`
	Database   string    `yaml:"database" doc:"The database that it was made of; empty for one of files."`
	Run        string    `yaml:"run" doc:"Id of the run that made it."`
	Created    time.Time `yaml:"created" doc:"When it was begun."`
	AgeSeconds float64   `yaml:"age_seconds" doc:"Time since then."`
	Files      int       `yaml:"files" doc:"How many files the manifest names."`
	Documents  int       `yaml:"documents" doc:"How many documents the manifest names."`
	Entries    int       `yaml:"entries" doc:"Of an archive of files, how many files, directories and links the manifest names."`
	SizeBytes  int       `yaml:"size_bytes" doc:"Size of the files on disk, by the manifest."`
}

type listOutputs struct {
	Archives   []listedArchive `yaml:"archives" show:"first" doc:"Newest first. Their content is not read: archive.verify does that."`
	Count      int             `yaml:"count" doc:"How many there are, also those beyond the limit."`
	TotalBytes int             `yaml:"total_bytes" doc:"Size of all of them, by their manifests."`
	Truncated  bool            `yaml:"truncated" doc:"Whether the list holds fewer than there are."`
	Newest     *time.Time      `yaml:"newest" doc:"When the newest of them was begun; nil where there is none."`
	Unreadable []unread        `yaml:"unreadable" doc:"Directories with a manifest that cannot be read; they are in no other figure."`
}

func (o listOutputs) Summary() string {
	text := schema.HumanQuantity(o.Count, "archive", "archives") + ", " + schema.HumanBytes(float64(o.TotalBytes))
	if o.Newest != nil {
		text += ", the newest of " + o.Newest.UTC().Format(time.RFC3339)
	}
	if n := len(o.Unreadable); n > 0 {
		text += "; " + schema.HumanQuantity(n, "manifest", "manifests") + " cannot be read"
	}
	return text
}

// List lists archives.
var List = action.New(action.Spec[listParams, listOutputs]{
	Name:    "archive.list",
	Summary: "Lists the archives in a directory by their manifests, newest first; what is in them is not verified.",
	Example: `
action: archive.list
with: {path: data/backups, taken_before: 2026-11-24T02:00:00Z}
`,
	Effect: action.Read,
	Run:    list,
})

func list(ctx context.Context, call action.Call, p listParams) (listOutputs, error) {
	_, found, broken, err := p.find(ctx, call, "looking for archives in it")
	if err != nil {
		return listOutputs{}, err
	}
	o := listOutputs{Archives: []listedArchive{}, Unreadable: broken}
	now := call.Clock.Now()
	for _, a := range found {
		if p.TakenBefore != nil && !a.Created.Before(*p.TakenBefore) {
			continue
		}
		if o.Newest == nil {
			o.Newest = &a.Created
		}
		o.Count++
		o.TotalBytes += int(a.Bytes())
		if o.Truncated = o.Count > p.Limit; o.Truncated {
			continue
		}
		o.Archives = append(o.Archives, listedArchive{
			Path: a.path, Kind: a.Kind, Database: a.Database, Run: a.Run, Created: a.Created, AgeSeconds: now.Sub(a.Created).Seconds(),
			Files: len(a.Files), Documents: a.Documents(), Entries: a.Entries(), SizeBytes: int(a.Bytes()),
		})
	}
	return o, nil
}
