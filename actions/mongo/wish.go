package mongo

import (
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// wish is what an update makes of a field: a value, or nothing.
type wish struct {
	path  string
	value *bson.RawValue // nil: it is not there
}

// readable are the paths that name the same field in an update, in a projection and in
// a document that was read: not _id, no place of an array, and nothing positional.
var readable = regexp.MustCompile(`^[^.$\d][^.$]*(?:\.[^.$\d][^.$]*)*$`)

// wishesOf returns what a document must be like after an update: there are wishes only
// for one that sets and unsets fields, as what the other operators leave depends on
// what there was.
func wishesOf(change bson.D) []wish {
	raw, err := bson.Marshal(change)
	if err != nil {
		return nil
	}
	operators, err := bson.Raw(raw).Elements()
	if err != nil {
		return nil
	}
	var wishes []wish
	for _, operator := range operators {
		fields, isDocument := operator.Value().DocumentOK()
		sets := operator.Key() == "$set"
		if !isDocument || !sets && operator.Key() != "$unset" {
			return nil
		}
		elements, err := fields.Elements()
		if err != nil {
			return nil
		}
		for _, field := range elements {
			w := wish{path: field.Key()}
			if value := field.Value(); sets {
				w.value = &value
			}
			if w.path == "_id" || !readable.MatchString(w.path) {
				return nil
			}
			wishes = append(wishes, w)
		}
	}
	return wishes
}

// holds reports whether a document is as wanted.
func (w wish) holds(doc bson.Raw) bool {
	is, err := doc.LookupErr(strings.Split(w.path, ".")...)
	if err != nil || w.value == nil {
		return err != nil && w.value == nil
	}
	return is.Type == w.value.Type && slices.Equal(is.Value, w.value.Value)
}
