package archive

import (
	"context"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/dump"
)

type verifyParams struct {
	Path string `yaml:"path" min:"1" doc:"The directory of the archive, as mongo.dump or archive.create gives it."`
}

func (p verifyParams) Brief() string { return p.Path }

type verifyOutputs struct {
	Valid     bool           `yaml:"valid" doc:"Whether all that the manifest names is there and as it says. An archive that is not is no error of the step: verify it."`
	Reason    string         `yaml:"reason" doc:"Why it is not valid; empty where it is."`
	Kind      string         `yaml:"kind" doc:"What it is of: mongo or files. Empty where the manifest cannot be read, as are the next two."`
	Database  string         `yaml:"database" doc:"The database that it was made of."`
	Run       string         `yaml:"run" doc:"Id of the run that made it."`
	Created   *time.Time     `yaml:"created" doc:"When it was begun; nil where the manifest cannot be read."`
	Files     int            `yaml:"files" doc:"How many files the manifest names."`
	Documents int            `yaml:"documents" doc:"How many documents the manifest names."`
	Entries   int            `yaml:"entries" doc:"Of an archive of files, how many files, directories and links the manifest names."`
	Counts    map[string]int `yaml:"counts" doc:"How many documents of each collection the manifest names."`
	SizeBytes int            `yaml:"size_bytes" doc:"Size of the files on disk, by the manifest."`
}

func (o verifyOutputs) Summary() string {
	if !o.Valid {
		return "not valid: " + o.Reason
	}
	if o.Kind == dump.Files {
		return fmt.Sprintf("valid: %s entries, %s", schema.HumanCount(int64(o.Entries)), schema.HumanBytes(float64(o.SizeBytes)))
	}
	return fmt.Sprintf("valid: %s documents, %s", schema.HumanCount(int64(o.Documents)), schema.HumanBytes(float64(o.SizeBytes)))
}

// Verify reads an archive and says whether it is whole.
var Verify = action.New(action.Spec[verifyParams, verifyOutputs]{
	Name:    "archive.verify",
	Summary: "Reads an archive and says whether it is whole: its manifest, the checksum of each file, and each document.",
	Example: `
action: archive.verify
with: {path: data/backups/20261124-0200}
verify: [outputs.valid]
`,
	Effect: action.Read,
	Run:    verify,
})

func verify(ctx context.Context, call action.Call, p verifyParams) (verifyOutputs, error) {
	if err := call.Confine.File("reading", p.Path); err != nil {
		return verifyOutputs{}, err
	}
	done := 0
	m, err := dump.Verify(ctx, p.Path, func(f dump.File) {
		done++
		call.Progress(action.Progress{Done: done, Note: f.Path})
	})
	if ctx.Err() != nil {
		return verifyOutputs{}, &action.Failure{What: "it could not be read to its end in time", Where: p.Path, Err: ctx.Err(), Do: []string{"raise the step's timeout"}}
	}
	o := verifyOutputs{
		Valid: err == nil, Kind: m.Kind, Database: m.Database, Run: m.Run,
		Files: len(m.Files), Documents: m.Documents(), Entries: m.Entries(), Counts: m.Counts(), SizeBytes: int(m.Bytes()),
	}
	if !m.Created.IsZero() {
		o.Created = &m.Created
	}
	if err != nil {
		o.Reason = err.Error()
	}
	return o, nil
}
