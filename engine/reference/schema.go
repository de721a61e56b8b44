package reference

import (
	"bytes"
	"encoding/json"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const dialect = "https://json-schema.org/draft/2020-12/schema"

// object is a JSON object of a schema under construction.
type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of a playbook, with the
// parameters of each action. It holds what an editor can check while one types;
// the order of steps, names and expressions are checked by validate.
func Schema(reg *action.Registry) ([]byte, error) {
	defs := schema.JSONSchemaDefinitions()
	defs["step"] = stepSchema()
	defs["steps"] = object{"type": "array", "items": ref("step")}
	defs["verify"] = verifySchema()
	defs["observe"] = observeSchema(reg)
	defs["action"] = object{"enum": reg.Names(), "description": "The action that the step takes."}
	defs["declarations"] = declarationsSchema()
	defs["on_failure"] = object{
		"enum":        []string{"stop", "continue", "warn", "undo"},
		"description": "What the failure of a part does: stop (default), continue, warn, undo.",
	}
	defs["parameters"] = parametersSchema(reg, defs)
	root := object{
		"$schema": dialect, "title": "A runbook playbook", "type": "object", "properties": playbookProperties(),
		"required": []string{"playbook", "steps"}, "additionalProperties": false, "$defs": defs,
	}
	return encode(root)
}

// parametersSchema says which `with` goes with which `action`, and adds the
// definition of each to defs.
func parametersSchema(reg *action.Registry, defs object) object {
	var rules []any
	for _, a := range reg.All() {
		name := "with." + a.Name
		parameters := schema.JSONSchemaConstant(a.Params)
		parameters["description"] = a.Summary
		defs[name] = parameters
		then := object{"properties": object{"with": ref(name)}}
		if parameters["required"] != nil {
			then["required"] = []string{"with"}
		}
		rules = append(rules, object{
			"if":   object{"properties": object{"action": object{"const": a.Name}}, "required": []string{"action"}},
			"then": then,
		})
	}
	if rules == nil {
		return object{}
	}
	return object{"allOf": rules}
}

func playbookProperties() object {
	texts := object{"type": "array", "items": text("")}
	prerequisite := object{"anyOf": []any{object{"type": "string"}, ref("step")}}
	return object{
		"playbook":   object{"type": "string", "description": "The name by which it is run."},
		"title":      text("What it answers, in a few words."),
		"category":   object{"enum": []string{"deploy", "monitor", "troubleshoot", "tune", "emergency", "backup", "scale", "routine"}},
		"purpose":    text("What is wrong when one needs it."),
		"symptoms":   texts,
		"expected":   text("What holds when it is done."),
		"alerts":     describe(texts, "Prometheus alerts that this playbook answers."),
		"see_also":   describe(texts, "Names of other playbooks."),
		"timeout":    describe(ref("duration"), "The longest that the run may take; no limit by default."),
		"on_failure": ref("on_failure"),
		"escalation": closed(object{"after": ref("duration"), "contact": text("")}),
		"lock": object{
			"anyOf":       []any{object{"type": "string"}, texts},
			"description": "One run at a time holds a key; over inputs, vars and environment.name.",
		},
		"inputs":        ref("declarations"),
		"prerequisites": object{"type": "array", "items": prerequisite, "description": "Texts, which are shown, and steps that read."},
		"steps":         describe(ref("steps"), "What is done, in order."),
		"finally":       describe(ref("steps"), "What is done when the run ends, however it ends."),
		"outputs":       object{"type": "object", "description": "Names and expressions."},
	}
}

func stepSchema() object {
	body := []any{}
	for _, key := range []string{"action", "steps", "remedies", "call", "manual"} {
		body = append(body, object{"required": []string{key}})
	}
	properties := object{
		"id":           object{"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
		"title":        text("What the step does, in a few words."),
		"needs":        object{"type": "array", "items": object{"type": "string"}, "description": "Steps beside it that come before; all above by default."},
		"when":         describe(ref("condition"), "Decided once; false skips the step."),
		"for_each":     object{"anyOf": []any{ref("expression"), object{"type": "array"}}, "description": "A list; item and index are of each turn."},
		"max_parallel": schema.JSONSchema(schema.IntType),
		"action":       ref("action"),
		"with":         object{"type": "object"},
		"target":       text("A target of the environment other than the family's default."),
		"effect":       object{"enum": []string{"read", "write", "destructive"}, "description": "Raises the effect of the action."},
		"observe":      ref("observe"),
		"verify":       ref("verify"),
		"within":       describe(orExpression(ref("duration")), "Observe again until the verification holds, for this long."),
		"every":        describe(orExpression(ref("duration")), "The pause between observations; 1s by default."),
		"skip_if_met":  object{"type": "boolean"},
		"steps":        ref("steps"),
		"remedies":     describe(ref("steps"), "Steps, mildest first, until the verification holds."),
		"call":         text("The name of another playbook."),
		"manual":       manualSchema(),
		"approve":      approveSchema(),
		"retry":        retrySchema(),
		"timeout":      orExpression(ref("duration")),
		"on_failure":   ref("on_failure"),
		"undo":         describe(ref("step"), "The compensation of this step."),
	}
	s := closed(properties)
	s["oneOf"] = body
	s["allOf"] = []any{ref("parameters")}
	s["dependentRequired"] = object{
		"remedies": []string{"observe", "verify"}, "within": []string{"verify"}, "every": []string{"within"},
		"approve": []string{"action"}, "retry": []string{"action"}, "max_parallel": []string{"for_each"},
	}
	return s
}

func observeSchema(reg *action.Registry) object {
	reads := []string{}
	for _, a := range reg.All() {
		if a.Effect == action.Read || a.Lowers() {
			reads = append(reads, a.Name)
		}
	}
	s := closed(object{"action": object{"enum": reads}, "with": object{"type": "object"}})
	s["required"] = []string{"action"}
	s["allOf"] = []any{ref("parameters")}
	s["description"] = "A read that shows the state that matters: before and observed."
	return s
}

func verifySchema() object {
	item := closed(object{
		"that": ref("condition"), "message": text(""), "level": object{"enum": []string{"fail", "warn"}},
	})
	item["required"] = []string{"that"}
	return object{
		"type": "array", "items": object{"anyOf": []any{ref("condition"), item}},
		"description": "What must hold of outputs, observed and before.",
	}
}

func approveSchema() object {
	names := object{"anyOf": []any{object{"type": "string"}, object{"type": "array", "items": object{"type": "string"}}}}
	long := closed(object{
		"message": text(""), "by": describe(names, "The role that may approve."),
		"approvers": object{"type": "integer", "minimum": 1}, "expires": orExpression(ref("duration")),
	})
	return object{"anyOf": []any{object{"type": "boolean"}, long}, "description": "Ask a person first."}
}

func retrySchema() object {
	return closed(object{
		"attempts": schema.JSONSchema(schema.IntType), "delay": orExpression(ref("duration")),
		"max_delay": orExpression(ref("duration")), "backoff": object{"enum": []string{"constant", "exponential"}},
		"jitter": schema.JSONSchema(schema.NumberType), "if": ref("condition"),
	})
}

func manualSchema() object {
	s := closed(object{"text": text("What the person does."), "fields": ref("declarations")})
	s["required"] = []string{"text"}
	return s
}

func declarationsSchema() object {
	kinds := []string{"string", "int", "number", "bool", "duration", "size", "time", "secret", "list", "map"}
	declaration := closed(object{
		"type": object{"enum": kinds}, "of": object{"enum": kinds}, "doc": text(""),
		"default": object{}, "enum": object{"type": "array"}, "min": object{}, "max": object{}, "pattern": object{"type": "string"},
	})
	declaration["required"] = []string{"type"}
	return object{
		"type": "object", "propertyNames": object{"pattern": "^[a-z][a-z0-9_]*$"}, "additionalProperties": declaration,
		"description": "Names with their types; one without a default must be given.",
	}
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func orExpression(s object) object { return object{"anyOf": []any{s, ref("expression")}} }

func text(description string) object {
	s := schema.JSONSchemaConstant(schema.StringType)
	if description != "" {
		s["description"] = description
	}
	return s
}

func closed(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func describe(s object, description string) object {
	c := make(object, len(s)+1)
	for key, value := range s {
		c[key] = value
	}
	c["description"] = description
	return c
}

func encode(root object) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return b.Bytes(), nil
}
