package mongo

import (
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/action"
)

// wantedIndex is an index that a collection should have.
type wantedIndex struct {
	Keys   []string `yaml:"keys" min:"1" max:"32" doc:"Its keys in order: a field, or a field and its order, as created_at desc."`
	Unique bool     `yaml:"unique" default:"false" doc:"Whether no two documents may have the same keys."`
	Name   string   `yaml:"name,omitempty" doc:"Its name where it is made; without it the one that MongoDB gives. One of another name is as good."`
}

// wish is a wantedIndex with its keys read.
type wish struct {
	keys   bson.D
	as     []indexKey
	unique bool
	name   string
}

func (w wish) String() string {
	text := keysText(w.as)
	if w.unique {
		text += ", unique"
	}
	return text
}

// wishesOf reads the wanted indexes; the error names the parameter.
func wishesOf(param string, wanted []wantedIndex) ([]wish, error) {
	wishes := make([]wish, 0, len(wanted))
	names := map[string]bool{"_id_": true}
	for i, x := range wanted {
		at := fmt.Sprintf("%s[%d]", param, i)
		keys, err := keysOf(x.Keys, false)
		if err != nil {
			return nil, action.ParamError(at+".keys", "%v", err)
		}
		w := wish{keys: keys, unique: x.Unique, name: x.Name}
		if w.name == "" {
			w.name = nameOf(keys)
		}
		if names[w.name] {
			return nil, action.ParamError(at, "there are two indexes %s", w.name)
		}
		names[w.name] = true
		encoded, err := bson.Marshal(keys)
		if err != nil {
			return nil, action.ParamError(at+".keys", "%v", err)
		}
		w.as = keysIn(encoded)
		wishes = append(wishes, w)
	}
	return wishes, nil
}

// compare sorts wishes by what there is: those that are fulfilled, by the name
// of the index; those that are missing; and what stands in their way.
func compare(wishes []wish, there []index) (existing []string, missing []wish, conflicts []conflict) {
	for _, w := range wishes {
		i := slices.IndexFunc(there, func(x index) bool { return slices.Equal(x.Keys, w.as) && !x.Partial && !x.Sparse && !x.collated })
		switch {
		case i < 0:
			taken := slices.IndexFunc(there, func(x index) bool { return x.Name == w.name })
			if taken >= 0 {
				conflicts = append(conflicts, conflict{w, there[taken], "the name is taken by the index " + there[taken].describe()})
				continue
			}
			missing = append(missing, w)
		case there[i].Hidden:
			conflicts = append(conflicts, conflict{w, there[i], "it is hidden, so no query uses it"})
		case there[i].Unique != w.unique && there[i].Name != "_id_":
			conflicts = append(conflicts, conflict{w, there[i], fmt.Sprintf("there is one with unique: %t", there[i].Unique)})
		default:
			existing = append(existing, there[i].Name)
		}
	}
	return existing, missing, conflicts
}

// describe tells what an index has that makes it another.
func (i index) describe() string {
	text := i.String()
	for _, x := range []struct {
		is   bool
		word string
	}{{i.Sparse, "sparse"}, {i.Partial, "partial"}, {i.collated, "with a collation"}, {i.Hidden, "hidden"}} {
		if x.is {
			text += ", " + x.word
		}
	}
	return text
}

// conflict is a wanted index that cannot be made beside one that is there.
type conflict struct {
	wanted wish
	there  index
	why    string
}

func (c conflict) String() string {
	return fmt.Sprintf("%s (%s): %s", c.wanted.name, c.wanted, c.why)
}

// advice says what a person may do; a playbook never drops an index.
func (c conflict) advice(collection string) string {
	shell := fmt.Sprintf("db.getCollection(%q)", collection)
	sameKeys := slices.Equal(c.there.Keys, c.wanted.as)
	switch {
	case !sameKeys:
		return fmt.Sprintf("give the index %s another name in the playbook", c.wanted)
	case c.there.Hidden:
		return fmt.Sprintf("let queries use it: %s.unhideIndex(%q)", shell, c.there.Name)
	case c.there.Sparse || c.there.Partial || c.there.collated:
		return fmt.Sprintf("give the index %s a name of its own in the playbook", c.wanted)
	case c.there.Unique:
		return fmt.Sprintf("write unique: true for %s in the playbook if that is meant; it serves the same queries", c.wanted.name)
	}
	return fmt.Sprintf("look for duplicates of %s; without any, make it unique: %s.dropIndex(%q), then run this again", keysText(c.wanted.as), shell, c.there.Name)
}
