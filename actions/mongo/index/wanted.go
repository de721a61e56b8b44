package index

import (
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/engine/action"
)

// Wanted is an index that a collection should have, as parameters have it.
type Wanted struct {
	Keys   []string `yaml:"keys" min:"1" max:"32" doc:"Its keys in order: a field, or a field and its order, as created_at desc."`
	Unique bool     `yaml:"unique" default:"false" doc:"Whether no two documents may have the same keys."`
	Name   string   `yaml:"name,omitempty" doc:"Its name where it is made; without it the one that MongoDB gives. One of another name is as good."`
}

// Wish is a Wanted with its keys read.
type Wish struct {
	Name   string
	Keys   bson.D
	As     []document.Key // the keys as outputs have them
	Unique bool
}

// String is the wish in a few words: "gid, unique".
func (w Wish) String() string {
	text := document.KeysText(w.As)
	if w.Unique {
		text += ", unique"
	}
	return text
}

// Specification is the wish as createIndexes takes it.
func (w Wish) Specification() bson.D {
	spec := bson.D{{Key: "key", Value: w.Keys}, {Key: "name", Value: w.Name}}
	if w.Unique {
		spec = append(spec, bson.E{Key: "unique", Value: true})
	}
	return spec
}

// Parse reads the wanted indexes; the error names the parameter.
func Parse(param string, wanted []Wanted) ([]Wish, error) {
	wishes := make([]Wish, 0, len(wanted))
	names := map[string]bool{"_id_": true}
	for i, x := range wanted {
		at := fmt.Sprintf("%s[%d]", param, i)
		keys, err := document.ParseKeys(x.Keys, false)
		if err != nil {
			return nil, action.ParamError(at+".keys", "%v", err)
		}
		w := Wish{Keys: keys, Unique: x.Unique, Name: x.Name}
		if w.Name == "" {
			w.Name = document.DefaultName(keys)
		}
		if names[w.Name] {
			return nil, action.ParamError(at, "there are two indexes %s", w.Name)
		}
		names[w.Name] = true
		encoded, err := bson.Marshal(keys)
		if err != nil {
			return nil, action.ParamError(at+".keys", "%v", err)
		}
		w.As = document.KeysIn(encoded)
		wishes = append(wishes, w)
	}
	return wishes, nil
}

// Compare sorts wishes by what there is: those that are fulfilled, by the name
// of the index; those that are missing; and what stands in their way.
func Compare(wishes []Wish, there []Index) (existing []string, missing []Wish, conflicts []Conflict) {
	for _, w := range wishes {
		i := slices.IndexFunc(there, func(x Index) bool {
			return slices.Equal(x.Keys, w.As) && !x.Partial && !x.Sparse && !x.collated
		})
		switch {
		case i < 0:
			taken := slices.IndexFunc(there, func(x Index) bool { return x.Name == w.Name })
			if taken >= 0 {
				conflicts = append(conflicts, Conflict{w, there[taken], "the name is taken by the index " + there[taken].describe()})
				continue
			}
			missing = append(missing, w)
		case there[i].Hidden:
			conflicts = append(conflicts, Conflict{w, there[i], "it is hidden, so no query uses it"})
		case there[i].Unique != w.Unique && there[i].Name != "_id_":
			conflicts = append(conflicts, Conflict{w, there[i], fmt.Sprintf("there is one with unique: %t", there[i].Unique)})
		default:
			existing = append(existing, there[i].Name)
		}
	}
	return existing, missing, conflicts
}

// Conflict is a wanted index that cannot be made beside one that is there.
type Conflict struct {
	Wanted Wish
	There  Index
	Why    string
}

// String names the wanted index and what stands in its way.
func (c Conflict) String() string {
	return fmt.Sprintf("%s (%s): %s", c.Wanted.Name, c.Wanted, c.Why)
}

// Advice says what a person may do; a playbook never drops an index.
func (c Conflict) Advice(collection string) string {
	shell := fmt.Sprintf("db.getCollection(%q)", collection)
	switch {
	case !slices.Equal(c.There.Keys, c.Wanted.As):
		return fmt.Sprintf("give the index %s another name in the playbook", c.Wanted)
	case c.There.Hidden:
		return fmt.Sprintf("let queries use it: %s.unhideIndex(%q)", shell, c.There.Name)
	case c.There.Sparse || c.There.Partial || c.There.collated:
		return fmt.Sprintf("give the index %s a name of its own in the playbook", c.Wanted)
	case c.There.Unique:
		return fmt.Sprintf("write unique: true for %s in the playbook if that is meant; it serves the same queries", c.Wanted.Name)
	}
	return fmt.Sprintf("look for duplicates of %s; without any, make it unique: %s.dropIndex(%q), then run this again", document.KeysText(c.Wanted.As), shell, c.There.Name)
}
