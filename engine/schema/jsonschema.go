package schema

import (
	"fmt"
	"maps"
	"time"
)

// defExpression is the definition of an expression; those of kinds have the names
// of the kinds.
const defExpression = "expression"

// JSONSchema returns the schema (draft 2020-12) of what may be written for a
// value of t in a playbook: the value, or text with a ${{ }}. It refers to
// #/$defs of JSONSchemaDefinitions, which the document must have.
func JSONSchema(t *Type) map[string]any {
	s := JSONSchemaConstant(t)
	if takesAnyText(t) {
		return s
	}
	return orExpression(s)
}

// takesAnyText reports whether what is written for t may be any text, of which
// an expression is one.
func takesAnyText(t *Type) bool {
	return t.Kind == Any || t.Kind == ConditionKind || t.Kind == String && len(t.Enum) == 0
}

func orExpression(s map[string]any) map[string]any {
	return map[string]any{"anyOf": []any{s, map[string]any{"$ref": refTo(defExpression)}}}
}

// JSONSchemaConstant is JSONSchema where no expression is evaluated, as for the
// targets of an environment.
func JSONSchemaConstant(t *Type) map[string]any {
	s := schemaOfKind(t)
	if t.Optional && len(s) > 0 {
		return map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
	}
	return s
}

func schemaOfKind(t *Type) map[string]any {
	switch t.Kind {
	case Null, Bool, Int, Number:
		return map[string]any{"type": [...]string{Null: "null", Bool: "boolean", Int: "integer", Number: "number"}[t.Kind]}
	case String:
		if len(t.Enum) > 0 {
			return map[string]any{"enum": t.Enum}
		}
		return map[string]any{"type": []any{"string", "number", "boolean"}}
	case Duration, SizeKind, Time, SecretKind, ConditionKind:
		return map[string]any{"$ref": refTo(t.Kind.String())}
	case List:
		return map[string]any{"type": "array", "items": JSONSchema(t.Element())}
	case Map:
		return map[string]any{"type": "object", "additionalProperties": JSONSchema(t.Element())}
	case Object:
		return objectSchema(t)
	default:
		return map[string]any{}
	}
}

func objectSchema(t *Type) map[string]any {
	properties, required := map[string]any{}, []any{}
	for i := range t.Fields {
		f := &t.Fields[i]
		properties[f.Name] = JSONSchemaField(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// JSONSchemaField is JSONSchema of a parameter, with its bounds, its default
// and its description.
func JSONSchemaField(f *Field) map[string]any {
	s := JSONSchemaFixed(f)
	if len(f.boundKeywords()) > 0 || !takesAnyText(f.Type) {
		s = orExpression(s)
	}
	doc := f.Doc
	if f.Type.Kind == Duration || f.Type.Kind == SizeKind {
		doc = fmt.Sprintf("%s Takes %s.", f.Doc, f.Takes())
	}
	if doc != "" {
		s["description"] = doc
	}
	if f.Default != nil {
		s["default"] = written(f.Default)
	}
	return s
}

// JSONSchemaFixed is JSONSchemaConstant of a field, with its bounds.
func JSONSchemaFixed(f *Field) map[string]any {
	s := JSONSchemaConstant(f.Type)
	maps.Copy(s, f.boundKeywords())
	return s
}

// boundKeywords are min, max and pattern as JSON Schema has them; it cannot
// compare durations and sizes.
func (f *Field) boundKeywords() map[string]any {
	low, high := "minimum", "maximum"
	switch f.Type.Kind {
	case String:
		low, high = "minLength", "maxLength"
	case List:
		low, high = "minItems", "maxItems"
	case Map, Object:
		low, high = "minProperties", "maxProperties"
	case Duration, SizeKind, Time:
		return nil
	}
	s := map[string]any{}
	if f.Min != nil {
		s[low] = f.Min
	}
	if f.Max != nil {
		s[high] = f.Max
	}
	if f.Pattern != "" {
		s["pattern"] = f.Pattern
	}
	return s
}

// written is a value as it is written in YAML.
func written(v any) any {
	switch v.(type) {
	case time.Duration, Size, time.Time:
		return show(v)
	}
	return Mapped(v, written)
}

func refTo(name string) string { return "#/$defs/" + name }

// JSONSchemaDefinitions returns the definitions to which JSONSchema refers, by
// their names below $defs.
func JSONSchemaDefinitions() map[string]any {
	text := func(pattern, description string) map[string]any {
		return map[string]any{"type": "string", "pattern": pattern, "description": description}
	}
	return map[string]any{
		defExpression:       text(`\$\{\{`, "Text with an expression: ${{ inputs.name }}."),
		Duration.String():   text(`^[+-]?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$`, "A duration with its unit: 60s, 5m, 1h30m, 2d."),
		SizeKind.String():   text(`^[0-9]+(\.[0-9]+)? ?([KMGTP]iB|[kKMGTP]?B)$`, "A size with its unit: 512MiB, 2GiB, 100MB."),
		Time.String():       text(`^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$`, "A time in RFC 3339, or a date."),
		SecretKind.String(): text(`\$\{\{`, "A secret, by an expression that names it: ${{ vars.token }}."),
		ConditionKind.String(): map[string]any{
			"type": []any{"string", "boolean"}, "description": "An expression that must hold: outputs.status == 200.",
		},
	}
}
