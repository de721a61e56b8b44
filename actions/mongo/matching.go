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
	wishes []wish // what of a document tells that it is as wanted; none: that cannot be told
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

// parts are the documents that a change is about, as a subject keeps them: their ids,
// and how many of them are not as wanted.
type parts struct {
	IDs    []bson.RawValue `bson:"ids"`
	Differ int             `bson:"differ,omitempty"`
}

// ids are the ids as a filter takes them.
func (p parts) ids() bson.A {
	out := make(bson.A, len(p.IDs))
	for i, id := range p.IDs {
		out[i] = id
	}
	return out
}

// version is the number of ids and their digest.
func (p parts) version() string {
	texts := make([]string, len(p.IDs))
	for i, id := range p.IDs {
		texts[i] = id.String()
	}
	slices.Sort(texts)
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return fmt.Sprintf("%d of ids %x", len(p.IDs), sum[:4])
}

// those returns what matches, and refuses when that is more than may be touched. What
// matches later is not touched.
func (m matching) those(ctx context.Context) (parts, error) {
	found, err := m.find(ctx, options.Find().SetLimit(int64(m.limit)+1))
	if err != nil {
		return parts{}, err
	}
	if len(found.IDs) > m.limit {
		_, err := m.check(ctx)
		if err == nil {
			err = m.allow(len(found.IDs))
		}
		return parts{}, err
	}
	return found, nil
}

// counted returns what matches where it is what was counted: what was shown, and what a
// repeat is over.
func (m matching) counted(ctx context.Context, subjects []action.Subject) (parts, error) {
	those, err := m.those(ctx)
	if err != nil || len(subjects) != 1 {
		return those, err
	}
	if now := m.subject(those); subjects[0] != now {
		return those, m.Refusal(fmt.Sprintf("the filter finds %s now (%s), and not those that were counted (%s); nothing was sent",
			schema.HumanQuantity(len(those.IDs), "document", "documents"), now.Version, subjects[0].Version), "run it again: it counts afresh")
	}
	return those, nil
}

// subjects are the documents that match.
func (m matching) subjects(ctx context.Context) ([]action.Subject, error) {
	those, err := m.those(ctx)
	return []action.Subject{m.subject(those)}, err
}

// subject names documents by their number and a digest of their ids, and by how many
// are not as wanted, where that can be told.
func (m matching) subject(those parts) action.Subject {
	s := action.Subject{Kind: "documents", Name: m.String(), ID: filterText(m.shown), Version: those.version()}
	if len(m.wishes) > 0 {
		s.Version += fmt.Sprintf(", %d not as wanted", those.Differ)
	}
	if m.keeps {
		slices.SortFunc(those.IDs, func(a, b bson.RawValue) int { return strings.Compare(a.String(), b.String()) })
		if text, err := bson.MarshalExtJSON(those, true, false); err == nil && len(text) <= mostParts {
			s.Parts = string(text)
		}
	}
	return s
}

// partsOf returns what a subject kept. That is nothing where it was too much, or is no
// longer what was counted, as where a secret in it was masked.
func partsOf(s action.Subject) parts {
	var kept parts
	counted, _, _ := strings.Cut(s.Version, ",")
	if s.Parts == "" || bson.UnmarshalExtJSON([]byte(s.Parts), true, &kept) != nil || kept.version() != counted {
		return parts{}
	}
	return kept
}

// find returns what matches.
func (m matching) find(ctx context.Context, opts *options.FindOptionsBuilder) (parts, error) {
	fields := bson.D{{Key: "_id", Value: 1}}
	for _, w := range m.wishes {
		fields = append(fields, bson.E{Key: w.path, Value: 1})
	}
	opts.SetProjection(fields)
	var found parts
	open := func(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) {
		return c.Find(ctx, m.filter, opts)
	}
	err := m.Each(ctx, "find in "+m.String(), open, func(doc bson.Raw) (bool, error) {
		id := doc.Lookup("_id")
		found.IDs = append(found.IDs, bson.RawValue{Type: id.Type, Value: bytes.Clone(id.Value)})
		if slices.ContainsFunc(m.wishes, func(w wish) bool { return !w.holds(doc) }) {
			found.Differ++
		}
		return true, nil
	})
	if err != nil {
		return parts{}, action.NotApplied(err)
	}
	return found, nil
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
	if len(some.IDs) > 0 {
		p.Changes = append(p.Changes, action.Change{Name: "ids", After: idsText(some.IDs, n)})
	}
	return p, nil
}

func idsText(ids []bson.RawValue, n int) string {
	var text string
	for i, id := range ids {
		if i > 0 {
			text += ", "
		}
		var value any
		if id.Unmarshal(&value) == nil {
			text += schema.Brief(document.DecodeValue(value))
		}
	}
	if more := n - len(ids); more > 0 {
		text += fmt.Sprintf(", %s more", schema.HumanCount(int64(more)))
	}
	return text
}
