package mongo

import (
	"encoding/json"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// mostFilter is how long a filter may be that stands in a command.
const mostFilter = 400

// countingOf is the command that counts the documents of a change; "" where its filter
// holds a secret or is too long for a command.
func countingOf(call action.Call, filter map[string]any, subjects []action.Subject) string {
	encoded, err := filterOf(filter)
	if err != nil || schema.HoldsSecret(filter) {
		return ""
	}
	text, err := bson.MarshalExtJSON(encoded, false, false)
	if err != nil || len(text) > mostFilter {
		return ""
	}
	return asking(call, subjects, "countDocuments(EJSON.parse("+quoted(string(text))+"))")
}

// asking is the command that asks the collection of a change.
func asking(call action.Call, subjects []action.Subject, question string) string {
	if len(subjects) != 1 {
		return ""
	}
	database, collection, _ := strings.Cut(subjects[0].Name, ".")
	return evaluating(call, database, "db.getCollection("+quoted(collection)+")."+question)
}

// evaluating is the command by which the shell of MongoDB evaluates what only reads.
func evaluating(call action.Call, database, source string) string {
	return "mongosh " + action.Quote(call.Target.Address+"/"+database) + " --eval " + action.Quote(source)
}

// quoted is a text as JavaScript has it.
func quoted(text string) string {
	raw, _ := json.Marshal(text)
	return string(raw)
}
