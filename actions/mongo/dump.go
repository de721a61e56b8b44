package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/actions/mongo/index"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/dump"
)

type dumpParams struct {
	Database    string   `yaml:"database,omitempty" doc:"The database; without it that of the target."`
	Collections []string `yaml:"collections,omitempty" doc:"Names of the collections; without them all of the database."`
	To          string   `yaml:"to" min:"1" doc:"The directory that is made, on the machine that runs the playbook. It must not be there yet."`
}

func (p dumpParams) Brief() string {
	if len(p.Collections) == 0 {
		return "to " + p.To
	}
	return strings.Join(p.Collections, ", ") + " to " + p.To
}

type dumpOutputs struct {
	Path      string         `yaml:"path" doc:"The directory, absolute."`
	Documents int            `yaml:"documents" doc:"How many documents are in it."`
	Counts    map[string]int `yaml:"counts" doc:"How many of each collection."`
	SizeBytes int            `yaml:"size_bytes" doc:"Its size on disk."`
}

func (o dumpOutputs) Summary() string {
	return fmt.Sprintf("%s, %s in %s", schema.HumanQuantity(o.Documents, "document", "documents"), schema.HumanBytes(float64(o.SizeBytes)), o.Path)
}

// Dump writes collections to the local disk. It changes nothing on the server:
// what it writes is a new directory here.
var Dump = action.New(action.Spec[dumpParams, dumpOutputs]{
	Name:    "mongo.dump",
	Summary: "Writes collections to a new directory on this machine, with a manifest; mongorestore --gzip reads it.",
	Example: `
action: mongo.dump
with: {collections: [tasks], to: "data/backups/tasks-${{ run.id }}"}
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     dumpCollections,
	Preview: previewDump,
	Settle:  settleDump,
	Look:    func(_ action.Call, p dumpParams, _ []action.Subject) string { return "ls -l " + action.Quote(p.To) },
})

// source is what is dumped, and where to.
type source struct {
	*server.Server
	database    string
	collections []string
	options     map[string]bson.Raw // with which each was made
	to          string
}

// source finds the collections; one that is not there is a failure.
func (p dumpParams) source(ctx context.Context, call action.Call) (source, error) {
	if err := call.Confine.File("writing to", p.To); err != nil {
		return source{}, err
	}
	s, database, err := server.DatabaseOf(call, p.Database)
	if err != nil {
		return source{}, err
	}
	to, err := filepath.Abs(p.To)
	if err != nil {
		return source{}, action.ParamError("to", "%v", err)
	}
	if err := dump.Free(to); err != nil {
		return source{}, localFailure(to, err)
	}
	there, series, err := collectionsOf(ctx, s, database)
	if err != nil {
		return source{}, err
	}
	found := source{Server: s, database: database, options: there, to: to}
	found.collections = slices.Compact(slices.Sorted(slices.Values(p.Collections)))
	if len(p.Collections) == 0 {
		found.collections = slices.Sorted(maps.Keys(there))
	}
	for _, name := range series {
		if len(p.Collections) == 0 || slices.Contains(p.Collections, name) {
			return source{}, s.Refusal(fmt.Sprintf("the collection %s of %s is a time series, which this action does not dump", name, database),
				"name the collections without it, and dump it with mongodump")
		}
	}
	for _, name := range found.collections {
		if _, ok := there[name]; !ok {
			return source{}, s.Refusal(fmt.Sprintf("there is no collection %s in %s, so it cannot be dumped", name, database),
				"name one of "+strings.Join(slices.Sorted(maps.Keys(there)), ", "))
		}
	}
	if len(found.collections) == 0 {
		return source{}, s.Refusal(fmt.Sprintf("the database %s has no collection to dump", database), "check the name of the database")
	}
	return found, nil
}

// collectionsOf returns the options of a database's collections by name, without
// views, which have no documents, and what is the server's own; and the names of
// its time series, which cannot be dumped as documents.
func collectionsOf(ctx context.Context, s *server.Server, database string) (found map[string]bson.Raw, series []string, err error) {
	found = map[string]bson.Raw{}
	err = s.Send(ctx, "listCollections of "+database, func(ctx context.Context) error {
		all, err := s.Client.Database(database).ListCollectionSpecifications(ctx, bson.D{})
		for _, c := range all {
			switch {
			case strings.HasPrefix(c.Name, "system.") || c.Type == "view":
			case c.Type == "timeseries":
				series = append(series, c.Name)
			default:
				found[c.Name] = c.Options
			}
		}
		return err
	})
	return found, series, err
}

func (s source) namespace(collection string) server.Namespace {
	return server.Namespace{Server: s.Server, Database: s.database, Collection: collection}
}

func dumpCollections(ctx context.Context, call action.Call, p dumpParams) (dumpOutputs, error) {
	s, err := p.source(ctx, call)
	if err != nil {
		return dumpOutputs{}, action.NotApplied(err)
	}
	w, err := dump.Create(s.to, dump.Manifest{Kind: "mongo", Database: s.database, Created: call.Clock.Now().UTC(), Run: call.Run, Step: call.Step})
	if err != nil {
		return dumpOutputs{}, action.NotApplied(localFailure(s.to, err))
	}
	m, err := s.write(ctx, call, w)
	if err != nil {
		if discarded := w.Discard(); discarded != nil {
			f := *action.AsFailure(err)
			f.Seen = append(f.Seen, discarded.Error())
			return dumpOutputs{}, action.Partial(&f)
		}
		return dumpOutputs{}, action.NotApplied(err)
	}
	return dumpedOutputs(s.to, m), nil
}

func (s source) write(ctx context.Context, call action.Call, w *dump.Writer) (dump.Manifest, error) {
	for i, name := range s.collections {
		call.Progress(action.Progress{Done: i, Total: len(s.collections), Note: name})
		n := s.namespace(name)
		if err := w.Documents(name, func(out io.Writer) (int, error) { return writeDocuments(ctx, call, n, out) }); err != nil {
			return dump.Manifest{}, localFailure(s.to, err)
		}
		metadata, err := metadataOf(ctx, n, s.options[name])
		if err == nil {
			err = w.Metadata(name, metadata)
		}
		if err != nil {
			return dump.Manifest{}, localFailure(s.to, err)
		}
	}
	m, err := w.Finish()
	if err != nil {
		return m, localFailure(s.to, err)
	}
	return m, nil
}

// writeDocuments writes the documents as the server sends them.
func writeDocuments(ctx context.Context, call action.Call, n server.Namespace, out io.Writer) (count int, err error) {
	var local error
	open := func(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) { return c.Find(ctx, bson.D{}) }
	err = n.Each(ctx, "find in "+n.String(), open, func(doc bson.Raw) (bool, error) {
		if _, local = out.Write(doc); local != nil {
			return false, nil //nolint:nilerr // it is kept in local: the server is not at fault
		}
		if count++; count%10_000 == 0 {
			call.Progress(action.Progress{Done: count, Note: n.Collection})
		}
		return true, nil
	})
	return count, errors.Join(err, local)
}

// metadataOf is what mongorestore makes the collection of.
func metadataOf(ctx context.Context, n server.Namespace, options bson.Raw) ([]byte, error) {
	indexes := bson.A{}
	err := n.Each(ctx, "listIndexes of "+n.String(), index.List, func(doc bson.Raw) (bool, error) {
		indexes = append(indexes, bson.Raw(bytes.Clone(doc)))
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if len(options) == 0 {
		options, _ = bson.Marshal(bson.D{})
	}
	text, err := bson.MarshalExtJSON(bson.D{
		{Key: "options", Value: options}, {Key: "indexes", Value: indexes}, {Key: "collectionName", Value: n.Collection}, {Key: "type", Value: "collection"},
	}, true, false)
	if err != nil {
		return nil, fmt.Errorf("encode the indexes of %s: %w", n, err)
	}
	return text, nil
}

// localFailure is a Failure of this machine's disk; one of the server stays as
// it is.
func localFailure(path string, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		return own
	}
	f := &action.Failure{Applied: action.AppliedNot, Where: path, What: err.Error(), Err: err, Do: []string{"check the disk: its free space, and who may write there"}}
	if errors.Is(err, dump.ErrExists) {
		f.What, f.Final = "there is something already, and it is not written over", true
		f.Do = []string{"name a path that is not there yet, as one with ${{ run.id }}"}
	}
	return f
}

func dumpedOutputs(path string, m dump.Manifest) dumpOutputs {
	return dumpOutputs{Path: path, Documents: m.Documents(), Counts: m.Counts(), SizeBytes: int(m.Bytes())}
}

func previewDump(ctx context.Context, call action.Call, p dumpParams) (action.Preview, error) {
	s, err := p.source(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{Touches: []action.Object{{Kind: "directory", Name: s.to}}}
	var all int64
	for _, name := range s.collections {
		n, err := s.namespace(name).Size(ctx)
		if err != nil {
			return action.Preview{}, err
		}
		all += n
		preview.Changes = append(preview.Changes, action.Change{Name: name, After: schema.HumanQuantity(int(n), "document", "documents")})
	}
	preview.Summary = fmt.Sprintf("write %s of %s to %s; nothing changes on the server", schema.HumanQuantity(int(all), "document", "documents"), s.database, s.to)
	return preview, nil
}

// settleDump looks whether this run's dump is in its place, where it is whole or
// not at all.
func settleDump(_ context.Context, call action.Call, p dumpParams, _ []action.Subject) (action.Applied, *dumpOutputs, error) {
	to, err := filepath.Abs(p.To)
	if err != nil {
		return action.AppliedLost, nil, action.ParamError("to", "%v", err)
	}
	if dump.Free(to) == nil {
		return action.AppliedNot, nil, nil
	}
	m, err := dump.Open(to)
	if err != nil || m.Run != call.Run || m.Step != call.Step {
		return action.AppliedLost, nil, err
	}
	o := dumpedOutputs(to, m)
	return action.AppliedFully, &o, nil
}
