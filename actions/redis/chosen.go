package redis

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// chosen are keys that a change is about: as many as it may touch.
type chosen struct {
	count int
	first []string // the first of them
	more  bool     // there are more than may be touched, or may be
}

// preview counts keys, without touching any.
func (p selection) preview(ctx context.Context, call action.Call, limit int, fits func(context.Context, *sweep, []string) ([]string, error)) (*sweep, chosen, error) {
	n, err := newSweep(ctx, call, p)
	if err != nil {
		return nil, chosen{}, err
	}
	var c chosen
	seen := map[string]struct{}{}
	all, err := n.each(ctx, func(keys []string) (bool, error) {
		if fits != nil {
			var err error
			if keys, err = fits(ctx, n, keys); err != nil {
				return false, err
			}
		}
		for _, key := range keys {
			seen[key] = struct{}{}
			if len(c.first) < 5 && !slices.Contains(c.first, key) {
				c.first = append(c.first, key)
			}
		}
		return len(seen) <= limit, nil
	})
	c.count, c.more = min(len(seen), limit), !all || len(seen) > limit
	return n, c, err
}

// told is what is chosen, for people.
func (c chosen) told() string {
	if c.more {
		return "the first " + schema.HumanQuantity(c.count, "key", "keys") + " of more"
	}
	return schema.HumanQuantity(c.count, "key", "keys")
}

// object is what is chosen, as a preview has it.
func (c chosen) object(p selection) action.Object {
	note := ""
	for i, key := range shownKeys(c.first) {
		if i > 0 {
			note += ", "
		}
		note += key
	}
	if c.count > len(c.first) {
		note += ", …"
	}
	return action.Object{Kind: "keys", Name: p.Brief(), Note: note, Count: c.count}
}

// ofServer are the keys of one process of a server: approval of a change to them ends with it.
func (p selection) ofServer(ctx context.Context, call action.Call) ([]action.Subject, error) {
	s, run, err := processOf(ctx, call)
	if err != nil {
		return nil, err
	}
	return []action.Subject{{Kind: "keys", Name: p.Brief(), ID: s.Where + " " + p.Brief(), Version: run}}, nil
}

// hadKeys reports whether there were keys to delete, in the process that answers now.
func hadKeys(ctx context.Context, call action.Call, subjects []action.Subject) (bool, error) {
	if len(subjects) != 1 || subjects[0].Parts == "" || subjects[0].Parts == "0" {
		return false, nil
	}
	_, run, err := processOf(ctx, call)
	return err == nil && run == subjects[0].Version, err
}

// changeKeys sends a change of each batch of the selection, until so many keys were changed.
// The error says what became of all batches together.
func (p selection) changeKeys(ctx context.Context, call action.Call, limit int, change func(context.Context, *sweep, []string) (int, error)) (done int, complete bool, err error) {
	n, err := newSweep(ctx, call, p)
	if err != nil {
		return 0, false, action.NotApplied(err)
	}
	cut := false
	var failed error // of a change, and not of looking for more
	all, err := n.each(ctx, func(keys []string) (bool, error) {
		cut = len(keys) > limit-done
		changed, err := change(ctx, n, keys[:min(len(keys), limit-done)])
		done, failed = done+changed, err
		call.Progress(action.Progress{Done: done, Note: schema.HumanQuantity(done, "key", "keys")})
		return done < limit, err
	})
	switch {
	case err == nil:
		return done, all && !cut && !n.oneNode, nil
	case failed != nil && action.ClassOf(failed) == action.AppliedLost:
		return done, false, action.Lost(err)
	case done > 0:
		f := *action.AsFailure(err)
		f.Seen = append(f.Seen, schema.HumanQuantity(done, "key was", "keys were")+" changed before")
		return done, false, action.Partial(&f)
	}
	return 0, false, action.NotApplied(err)
}
