package mongo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// shownIDs is how many ids a preview shows.
const shownIDs = 5

// matching are the documents that a change would touch.
type matching struct {
	server.Namespace
	filter bson.D
	shown  map[string]any // the filter as the playbook has it
	limit  int
	verb   string // "deleted"
	keeps  bool   // the subject keeps the ids
}

// mostParts bounds the ids that a subject keeps, in bytes: some hundreds.
const mostParts = 32 << 10

// check refuses when more match than may be touched, and returns how many do.
func (m matching) check(ctx context.Context) (int, error) {
	n, err := m.Count(ctx, m.filter)
	if err != nil {
		return 0, action.NotApplied(err)
	}
	return int(n), m.allow(int(n))
}

func (m matching) allow(n int) error {
	if n <= m.limit {
		return nil
	}
	return m.Refusal(
		fmt.Sprintf("%s in %s match, and at most %s may be %s", schema.HumanQuantity(n, "document", "documents"), m, schema.HumanCount(int64(m.limit)), m.verb),
		"look at them with mongo.find, filter "+filterText(m.shown),
		"narrow the filter; or raise the limit of the step, if so many are meant",
	)
}

// ids returns the ids of what matches, and refuses when they are more than may
// be touched. What matches later is not touched.
func (m matching) ids(ctx context.Context) (bson.A, error) {
	found, err := m.find(ctx, options.Find().SetLimit(int64(m.limit)+1))
	if err != nil {
		return nil, err
	}
	if len(found) > m.limit {
		_, err := m.check(ctx)
		if err == nil {
			err = m.allow(len(found))
		}
		return nil, err
	}
	return found, nil
}

// counted returns the ids of what matches where they are those that were counted:
// what was shown, and what a repeat is over.
func (m matching) counted(ctx context.Context, subjects []action.Subject) (bson.A, error) {
	ids, err := m.ids(ctx)
	if err == nil && len(subjects) == 1 && subjects[0] != m.subject(ids) {
		return nil, m.Refusal(fmt.Sprintf("the filter finds %s now, and not those that were counted, %s; nothing was sent",
			schema.HumanQuantity(len(ids), "document", "documents"), subjects[0].Version), "run it again: it counts afresh")
	}
	return ids, err
}

// subjects are the documents that match.
func (m matching) subjects(ctx context.Context) ([]action.Subject, error) {
	ids, err := m.ids(ctx)
	return []action.Subject{m.subject(ids)}, err
}

// subject names documents by their number and a digest of their ids.
func (m matching) subject(ids bson.A) action.Subject {
	sorted := make([]bson.RawValue, len(ids))
	for i, id := range ids {
		sorted[i] = id.(bson.RawValue)
	}
	slices.SortFunc(sorted, func(a, b bson.RawValue) int { return strings.Compare(a.String(), b.String()) })
	s := action.Subject{Kind: "documents", Name: m.String(), ID: filterText(m.shown), Version: versionOf(sorted)}
	if m.keeps {
		if text, err := bson.MarshalExtJSON(parts{sorted}, true, false); err == nil && len(text) <= mostParts {
			s.Parts = string(text)
		}
	}
	return s
}

// versionOf is the number of ids, which are sorted, and their digest.
func versionOf(ids []bson.RawValue) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return fmt.Sprintf("%d of ids %x", len(ids), sum[:4])
}

// parts are the ids that a subject keeps.
type parts struct {
	IDs []bson.RawValue `bson:"ids"`
}

// idsOf returns the ids that a subject kept. There are none where they were too many,
// or are no longer those that were counted, as where a secret in them was masked.
func idsOf(s action.Subject) bson.A {
	var kept parts
	if s.Parts == "" || bson.UnmarshalExtJSON([]byte(s.Parts), true, &kept) != nil || versionOf(kept.IDs) != s.Version {
		return nil
	}
	ids := make(bson.A, len(kept.IDs))
	for i, id := range kept.IDs {
		ids[i] = id
	}
	return ids
}

// find returns the ids of what matches.
func (m matching) find(ctx context.Context, opts *options.FindOptionsBuilder) (bson.A, error) {
	opts.SetProjection(bson.D{{Key: "_id", Value: 1}})
	ids := bson.A{}
	open := func(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) {
		return c.Find(ctx, m.filter, opts)
	}
	err := m.Each(ctx, "find in "+m.String(), open, func(doc bson.Raw) (bool, error) {
		id := doc.Lookup("_id")
		ids = append(ids, bson.RawValue{Type: id.Type, Value: bytes.Clone(id.Value)})
		return true, nil
	})
	if err != nil {
		return nil, action.NotApplied(err)
	}
	return ids, nil
}

// preview counts what would be touched and shows the first of it.
func (m matching) preview(ctx context.Context) (action.Preview, error) {
	n, err := m.check(ctx)
	if err != nil {
		return action.Preview{}, err
	}
	all, err := m.Size(ctx)
	if err != nil {
		return action.Preview{}, err
	}
	some, err := m.find(ctx, options.Find().SetLimit(shownIDs).SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return action.Preview{}, err
	}
	p := action.Preview{
		Summary: fmt.Sprintf("%s of %s in %s; refuses above %s", schema.HumanCount(int64(n)), schema.HumanQuantity(int(all), "document", "documents"), m, schema.HumanCount(int64(m.limit))),
		Touches: []action.Object{{Kind: "collection", Name: m.String(), Count: n}},
		Changes: []action.Change{{Name: "filter", After: filterText(m.shown)}},
	}
	if len(some) > 0 {
		p.Changes = append(p.Changes, action.Change{Name: "ids", After: idsText(some, n)})
	}
	return p, nil
}

func idsText(ids bson.A, n int) string {
	var text string
	for i, id := range ids {
		if i > 0 {
			text += ", "
		}
		var value any
		if raw, ok := id.(bson.RawValue); ok && raw.Unmarshal(&value) == nil {
			text += schema.Brief(document.DecodeValue(value))
		}
	}
	if more := n - len(ids); more > 0 {
		text += fmt.Sprintf(", %s more", schema.HumanCount(int64(more)))
	}
	return text
}
