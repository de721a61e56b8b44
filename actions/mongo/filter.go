package mongo

import (
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// filterOf encodes a filter; the error names the parameter.
func filterOf(filter map[string]any) (bson.D, error) {
	doc, err := document.Encode(filter)
	if err != nil {
		return nil, action.ParamError("filter", "%v", err)
	}
	return doc, nil
}

// updateOperators are those of the manual. What is told of each: whether
// applying it again leaves what the first time left.
var updateOperators = map[string]bool{
	"$set": true, "$unset": true, "$setOnInsert": true, "$min": true, "$max": true, "$rename": true,
	"$addToSet": true, "$pull": true, "$pullAll": true,
	"$inc": false, "$mul": false, "$currentDate": false, "$push": false, "$pop": false, "$bit": false,
}

// changeOf encodes an update that is made of operators only.
func changeOf(update map[string]any) (bson.D, error) {
	if len(update) == 0 {
		return nil, action.ParamError("update", "it is empty; write operators, as {$set: {status: queued}}")
	}
	for _, key := range slices.Sorted(maps.Keys(update)) {
		fields, isMap := update[key].(map[string]any)
		switch _, known := updateOperators[key]; {
		case !strings.HasPrefix(key, "$"):
			return nil, action.ParamError("update", "%s is no operator, and whole documents are not replaced; write {$set: {%s: …}}", key, key)
		case !known:
			return nil, action.ParamError("update", "there is no operator %s; there are %s", key, strings.Join(slices.Sorted(maps.Keys(updateOperators)), ", "))
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

// repeats reports whether an update may be applied again without harm.
func repeats(update map[string]any) bool {
	for key := range update {
		if !updateOperators[key] {
			return false
		}
	}
	return true
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
