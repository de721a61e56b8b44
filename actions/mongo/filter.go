package mongo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// filterOf encodes a filter; the error names the parameter. A nil in it, mostly
// of an expression that found nothing, is refused: as null it would match every
// document without the field.
func filterOf(filter map[string]any) (bson.D, error) {
	if path, found := nilIn("", filter); found {
		return nil, action.ParamError("filter", "%s is nil, and would match documents that nobody meant; write {$exists: false} or {$type: \"null\"}, if it is such that are meant", path)
	}
	doc, err := document.Encode(filter)
	if err != nil {
		return nil, action.ParamError("filter", "%v", err)
	}
	return doc, nil
}

// nilIn finds a nil in a value and returns its path.
func nilIn(path string, value any) (at string, found bool) {
	switch v := value.(type) {
	case nil:
		return path, true
	case []any:
		for i := range v {
			if at, found := nilIn(fmt.Sprintf("%s[%d]", path, i), v[i]); found {
				return at, true
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if at, found := nilIn(strings.TrimPrefix(path+"."+key, "."), v[key]); found {
				return at, true
			}
		}
	}
	return "", false
}

// updateOperators are those of the manual.
var updateOperators = []string{
	"$addToSet", "$bit", "$currentDate", "$inc", "$max", "$min", "$mul", "$pop", "$pull", "$pullAll", "$push", "$rename", "$set", "$setOnInsert", "$unset",
}

// changeOf encodes an update that is made of operators only.
func changeOf(update map[string]any) (bson.D, error) {
	if len(update) == 0 {
		return nil, action.ParamError("update", "it is empty; write operators, as {$set: {status: queued}}")
	}
	for _, key := range slices.Sorted(maps.Keys(update)) {
		fields, isMap := update[key].(map[string]any)
		switch known := slices.Contains(updateOperators, key); {
		case !strings.HasPrefix(key, "$"):
			return nil, action.ParamError("update", "%s is no operator, and whole documents are not replaced; write {$set: {%s: …}}", key, key)
		case !known:
			return nil, action.ParamError("update", "there is no operator %s; there are %s", key, strings.Join(updateOperators, ", "))
		case !isMap || len(fields) == 0:
			return nil, action.ParamError("update", "%s takes fields, as {%s: {status: …}}", key, key)
		}
	}
	doc, err := document.Encode(update)
	if err != nil {
		return nil, action.ParamError("update", "%v", err)
	}
	return doc, nil
}

// filterText shows a filter in a line.
func filterText(filter map[string]any) string {
	text, err := schema.JSONOf(filter)
	if err != nil || len(filter) == 0 {
		return "none: every document"
	}
	return text
}

// within narrows a filter to the documents with these ids, so that what is
// changed is what was counted.
func within(ids bson.A, filter bson.D) bson.D {
	chosen := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	if len(filter) == 0 {
		return chosen
	}
	return bson.D{{Key: "$and", Value: bson.A{chosen, filter}}}
}
