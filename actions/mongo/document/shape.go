package document

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxShape bounds the text of a shape.
const maxShape = 300

// Shape writes a command by its shape: names of fields and operators without
// the values, so that queries that differ in values only are alike and no data
// is shown: find tasks {user_id: ?, status: ?} sort {updated_at: -1}.
func Shape(command bson.Raw) string {
	first, err := command.IndexErr(0)
	if err != nil {
		return ""
	}
	name, _ := first.Value().StringValueOK()
	if name == "" {
		name = "?"
	}
	text := first.Key() + " " + name
	for _, part := range []string{"q", "filter", "query", "u", "update", "pipeline", "key"} {
		if value, err := command.LookupErr(part); err == nil {
			text += " " + shapeOfValue(value)
		}
	}
	if sort, ok := command.Lookup("sort").DocumentOK(); ok {
		text += " sort {" + KeysText(KeysIn(sort)) + "}"
	}
	if len(text) > maxShape {
		text = strings.ToValidUTF8(text[:maxShape], "") + "…"
	}
	return text
}

func shapeOfValue(value bson.RawValue) string {
	if doc, ok := value.DocumentOK(); ok {
		return shapeOfDocument(doc)
	}
	list, ok := value.ArrayOK()
	if !ok {
		return "?"
	}
	values, err := list.Values()
	if err != nil {
		return "?"
	}
	var parts []string
	for _, v := range values {
		if part := shapeOfValue(v); len(parts) == 0 || part != parts[len(parts)-1] {
			parts = append(parts, part)
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func shapeOfDocument(doc bson.Raw) string {
	elements, err := doc.Elements()
	if err != nil {
		return "?"
	}
	var parts []string
	for _, e := range elements {
		parts = append(parts, e.Key()+": "+shapeOfValue(e.Value()))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
