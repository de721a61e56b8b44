package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/disk"
	"runbook/internal/dump"
)

type pruneParams struct {
	chosen
	Keep      int            `yaml:"keep" default:"7" min:"1" doc:"So many of the newest archives that verify are kept of each database, however old they are; one that does not verify does not count."`
	OlderThan *time.Duration `yaml:"older_than" min:"0s" doc:"Of the others only those that were begun longer ago are removed; without it all of them."`
	Max       int            `yaml:"max" default:"100" min:"1" max:"10000" doc:"With more to remove than this nothing is removed, and the step fails."`
}

func (p pruneParams) Brief() string {
	text := fmt.Sprintf("%s, keep %d", p.Path, p.Keep)
	if p.OlderThan != nil {
		text += ", older than " + schema.HumanDuration(*p.OlderThan)
	}
	return text
}

type pruneOutputs struct {
	Removed      []string `yaml:"removed" doc:"The archives that are gone now, oldest first."`
	Kept         []string `yaml:"kept" doc:"Those that are there, newest first; without those whose manifest cannot be read, which are left alone."`
	Invalid      []unread `yaml:"invalid" doc:"Those of them that were found not to verify. They are kept, and removed once enough newer ones verify."`
	RemovedBytes *int     `yaml:"removed_bytes" doc:"Size of the files that were removed; nil where the removal was found to be done after an interruption."`
}

func (o pruneOutputs) Summary() string {
	text := schema.HumanQuantity(len(o.Removed), "archive", "archives") + " removed"
	if o.RemovedBytes != nil {
		text += ", " + schema.HumanBytes(float64(*o.RemovedBytes))
	}
	text += fmt.Sprintf("; %d kept", len(o.Kept))
	if n := len(o.Invalid); n > 0 {
		text += fmt.Sprintf(", of which %d %s", n, doNotVerify(n))
	}
	return text
}

func doNotVerify(n int) string {
	if n == 1 {
		return "does not verify"
	}
	return "do not verify"
}

// Nothing reports that no archive was old enough.
func (o pruneOutputs) Nothing() bool { return len(o.Removed) == 0 }

// Prune removes old archives.
var Prune = action.New(action.Spec[pruneParams, pruneOutputs]{
	Name:    "archive.prune",
	Summary: "Removes archives by number and age. The newest that verify are always kept: what is removed has newer ones beside it that were read whole. There is no way back.",
	Example: `
action: archive.prune
with: {path: data/backups, keep: 3, older_than: 14d}
approve: true
`,
	Effect:   action.Destructive,
	Run:      prune,
	Preview:  previewPrune,
	Subjects: subjectsOfPrune,
	Settle:   settlePrune,
	Look:     func(_ action.Call, p pruneParams, _ []action.Subject) string { return "ls -la " + action.Quote(p.Path) },
})

// doomed is an archive that is to go, with all that lies in its directory.
type doomed struct {
	stored
	disk.Tree
}

// retention is what is kept, and what is not.
type retention struct {
	doomed  []doomed // oldest first
	kept    []string // newest first
	invalid []unread
	good    map[string]stored // the newest that verifies, by whose it is
}

// whose tells apart archives that do not stand for one another.
func whose(a stored) string { return strings.TrimSpace(a.Kind + " " + a.Database) }

// look decides what goes. Archives are read only where some would go.
func (p pruneParams) look(ctx context.Context, call action.Call) (retention, error) {
	r := retention{good: map[string]stored{}}
	_, found, _, err := p.find(ctx, call, "looking for archives in it")
	if err != nil {
		return r, err
	}
	old := func(a stored) bool {
		return p.OlderThan == nil || call.Clock.Now().Sub(a.Created) > *p.OlderThan
	}
	of := map[string][]stored{}
	for _, a := range found {
		of[whose(a)] = append(of[whose(a)], a)
	}
	good := map[string]int{}
	for _, a := range found {
		name := whose(a)
		candidates := of[name][min(p.Keep, len(of[name])):]
		switch {
		case good[name] >= p.Keep && old(a):
			d, err := a.weigh(ctx)
			if err != nil {
				return r, err
			}
			r.doomed = append(r.doomed, d)
			continue
		case good[name] < p.Keep && slices.ContainsFunc(candidates, old):
			if err := r.judge(ctx, call, a); err != nil {
				return r, err
			}
			if n := len(r.invalid); n == 0 || r.invalid[n-1].Path != a.path {
				good[name]++
			}
		}
		r.kept = append(r.kept, a.path)
	}
	if len(r.doomed) > p.Max {
		return r, action.ParamError("max", "%s would go, and max is %d: nothing is removed; look at the list, then raise max", schema.HumanQuantity(len(r.doomed), "archive", "archives"), p.Max)
	}
	slices.Reverse(r.doomed)
	return r, nil
}

// judge reads an archive, and notes whether it is whole.
func (r *retention) judge(ctx context.Context, call action.Call, a stored) error {
	call.Progress(action.Progress{Done: len(r.kept), Note: "reading " + a.path})
	_, err := dump.Verify(ctx, a.path, func(dump.File) {})
	if ctx.Err() != nil {
		return late(a.path, ctx.Err())
	}
	if err != nil {
		r.invalid = append(r.invalid, unread{Path: a.path, Reason: err.Error()})
		return nil //nolint:nilerr // it is kept in invalid
	}
	if _, newer := r.good[whose(a)]; !newer {
		r.good[whose(a)] = a
	}
	return nil
}

// weigh refuses what must not go.
func (a stored) weigh(ctx context.Context) (doomed, error) {
	if err := disk.Harmless(a.path); err != nil {
		return doomed{}, err
	}
	t, err := disk.Weigh(ctx, a.path, a.info)
	if ctx.Err() != nil {
		err = late(a.path, ctx.Err())
	}
	return doomed{stored: a, Tree: t}, err
}

// age says how old it is, by its manifest.
func (a stored) age(call action.Call) string {
	return disk.Age(call.Clock.Now().Sub(a.Created).Seconds())
}

func prune(ctx context.Context, call action.Call, p pruneParams) (pruneOutputs, error) {
	if call.DryRun {
		return pruneOutputs{}, action.RefusedInDryRun("removing archives")
	}
	r, err := p.look(ctx, call)
	if err != nil {
		return pruneOutputs{}, action.NotApplied(err)
	}
	size := 0
	o := pruneOutputs{Removed: []string{}, Kept: r.kept, Invalid: r.invalid, RemovedBytes: &size}
	for i, d := range r.doomed {
		call.Progress(action.Progress{Done: i, Total: len(r.doomed), Note: "removing " + d.path})
		if err := ctx.Err(); err != nil {
			return pruneOutputs{}, broken(r, i, late(d.path, err))
		}
		// The manifest goes last: what is left of one that was removed in part is
		// still found as an archive, and no longer verifies.
		if err := d.Remove(dump.ManifestName); err != nil {
			f := *action.AsFailure(disk.Failed(d.path, "removing it", err))
			f.Seen = append(f.Seen, "of "+d.path+" a part may be removed")
			return pruneOutputs{}, action.Partial(broken(r, i, &f))
		}
		o.Removed = append(o.Removed, d.path)
		size += int(d.Tree.Bytes)
	}
	return o, nil
}

// broken is a failure before the archive at i was removed.
func broken(r retention, i int, err error) error {
	if i == 0 {
		return action.NotApplied(err)
	}
	f := *action.AsFailure(err)
	f.Seen = append(f.Seen, fmt.Sprintf("%d of %s are removed, the oldest", i, schema.HumanQuantity(len(r.doomed), "archive", "archives")))
	return action.Partial(&f)
}

func previewPrune(ctx context.Context, call action.Call, p pruneParams) (action.Preview, error) {
	r, err := p.look(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{}
	size := int64(0)
	for _, d := range r.doomed {
		size += d.Tree.Bytes
		preview.Touches = append(preview.Touches, action.Object{Kind: "archive", Name: d.path, Note: whose(d.stored) + ", " + schema.HumanBytes(float64(d.Tree.Bytes)) + ", " + d.age(call)})
	}
	preview.Summary = fmt.Sprintf("remove %s, %s; keep %d", schema.HumanQuantity(len(r.doomed), "archive", "archives"), schema.HumanBytes(float64(size)), len(r.kept))
	for _, name := range slices.Sorted(maps.Keys(r.good)) {
		a := r.good[name]
		preview.Summary += fmt.Sprintf("; the newest good one of %s is %s, %s", name, a.path, a.age(call))
	}
	for _, i := range r.invalid {
		preview.Summary += "; " + i.Path + " does not verify and is kept: " + i.Reason
	}
	return preview, nil
}

func subjectsOfPrune(ctx context.Context, call action.Call, p pruneParams) ([]action.Subject, error) {
	r, err := p.look(ctx, call)
	var subjects []action.Subject
	for _, d := range r.doomed {
		subjects = append(subjects, d.Subject())
	}
	return subjects, err
}

// settlePrune looks which of the archives that were to go are still there.
func settlePrune(ctx context.Context, call action.Call, p pruneParams, before []action.Subject) (action.Applied, *pruneOutputs, error) {
	_, found, _, err := p.find(ctx, call, "looking for archives in it")
	if err != nil {
		return action.AppliedLost, nil, err
	}
	o := pruneOutputs{Removed: []string{}}
	for _, a := range found {
		o.Kept = append(o.Kept, a.path)
	}
	left := 0
	for _, s := range before {
		info, err := os.Lstat(s.Name)
		if errors.Is(err, fs.ErrNotExist) {
			o.Removed = append(o.Removed, s.Name)
			continue
		}
		if err != nil {
			return action.AppliedLost, nil, disk.Failed(s.Name, "looking at it", err)
		}
		t, err := disk.Weigh(ctx, s.Name, info)
		if err != nil {
			return action.AppliedLost, nil, err
		}
		if t.Subject() == s {
			left++
		}
	}
	switch {
	case left == len(before):
		return action.AppliedNot, nil, nil
	case len(o.Removed) == len(before):
		return action.AppliedFully, &o, nil
	}
	return action.AppliedPart, nil, nil
}
