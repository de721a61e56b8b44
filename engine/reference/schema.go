package reference

import (
	"bytes"
	"encoding/json"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

const dialect = "https://json-schema.org/draft/2020-12/schema"

// object is a JSON object of a schema under construction.
type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of a playbook, with the
// parameters of each action. It holds what an editor can check while one types;
// the order of steps, names, bounds of durations and expressions are checked by
// validate.
func Schema(reg *action.Registry) ([]byte, error) {
	defs := schema.JSONSchemaDefinitions()
	if len(reg.All()) > 0 {
		defs["action"] = object{"enum": reg.Names()}
		defs["reading-action"] = object{"enum": readsOf(reg)}
		defs["parameters"] = parametersSchema(reg, defs)
	}
	b := &declared{defs: defs, amend: func(name string, s object) {
		of, ok := map[string]string{"step": "action", "observation": "reading-action"}[name]
		if !ok || defs[of] == nil {
			return
		}
		properties := s["properties"].(object)
		properties["action"] = describe(ref(of), properties["action"].(object)["description"].(string))
		all, _ := s["allOf"].([]any)
		s["allOf"] = append(all, ref("parameters"))
	}}
	return b.document("A runbook playbook", yaml.DeclarationOf[playbook.Playbook]())
}

// DeclaredSchema returns the JSON Schema of a file that depends on no action.
func DeclaredSchema(title string, d *yaml.Declaration) ([]byte, error) {
	b := &declared{defs: schema.JSONSchemaDefinitions(), amend: func(string, object) {}}
	return b.document(title, d)
}

// readsOf are the names of the actions that may observe.
func readsOf(reg *action.Registry) []string {
	reads := []string{}
	for _, a := range reg.All() {
		if a.Effect == action.Read || a.Lowers() {
			reads = append(reads, a.Name)
		}
	}
	return reads
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
	return object{"allOf": rules}
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func closed(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func describe(s object, description string) object {
	c := make(object, len(s)+1)
	for key, value := range s {
		c[key] = value
	}
	if description != "" {
		c["description"] = description
	}
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
