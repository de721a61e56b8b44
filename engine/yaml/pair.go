package yaml

import (
	"fmt"
	"slices"

	"runbook/engine/diag"
)

// manyKeys is the number of keys from which a mapping finds its duplicates by
// an index.
const manyKeys = 16

// key adds a pair to the mapping whose pairs begin at base, unless its key is
// there.
func (r *reader) key(node *Node, base int, seen *map[string]int, key, value *Node) {
	have := r.pairs[base:]
	if len(have) == maxKeys {
		r.fail(int(key.start), len(key.Text), diag.CodeTooLarge, "the mapping has more than 2,000 keys", "use a list, or a file of data")
		return
	}
	if key.Text == "<<" && !key.Quoted {
		r.report(int(key.start), 2, diag.CodeAlias, "merge keys are not in the language", "write the keys out")
		return
	}
	first := -1
	if len(have) < manyKeys {
		first = slices.IndexFunc(have, func(p Pair) bool { return p.Key.Text == key.Text })
	} else {
		if *seen == nil {
			*seen = make(map[string]int, 2*manyKeys)
			for i, p := range have {
				(*seen)[p.Key.Text] = i
			}
		}
		if i, ok := (*seen)[key.Text]; ok {
			first = i
		}
		(*seen)[key.Text] = len(have)
	}
	if first >= 0 {
		note := diag.Note{Span: have[first].Key.Span, Message: "it stands here first"}
		r.report(int(key.start), len(key.Text), diag.CodeDuplicate, fmt.Sprintf("the key %q stands twice", Clip(key.Text)), "remove one of them", note)
		return
	}
	r.pairs = append(r.pairs, Pair{key, value})
}

// add adds an item to the list whose items begin at base.
func (r *reader) add(item *Node, base int) {
	if len(r.items)-base == maxItems {
		r.fail(int(item.start), 1, diag.CodeTooLarge, "the list has more than 200,000 items", "split it")
		return
	}
	r.items = append(r.items, item)
}

// closeMap gives a mapping its pairs, which begin at base.
func (r *reader) closeMap(node *Node, base, damage int) {
	node.Pairs = slices.Clone(r.pairs[base:])
	r.pairs = r.pairs[:base]
	node.Broken = node.Broken || r.damage > damage
}

// closeList gives a list its items, which begin at base.
func (r *reader) closeList(node *Node, base, damage int) {
	node.Items = slices.Clone(r.items[base:])
	r.items = r.items[:base]
	node.Broken = node.Broken || r.damage > damage
}

// Clip shortens a text for a message.
func Clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:39]) + "…"
	}
	return text
}
