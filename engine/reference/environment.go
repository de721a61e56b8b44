package reference

import (
	"slices"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// EnvironmentSchema returns the JSON Schema (draft 2020-12) of runbook.yaml,
// with the keys of each kind of target.
func EnvironmentSchema(reg *action.Registry) ([]byte, error) {
	defs := schema.JSONSchemaDefinitions()
	secret := closed(object{"secret": object{"type": "string"}})
	secret["required"] = []string{"secret"}
	defs["secret_name"] = describe(secret, "The name of an entry under secrets.")
	b := &declared{defs: defs}
	b.amend = func(name string, s object) {
		switch {
		case name == "environment" && len(reg.Targets()) > 0:
			s["properties"].(object)["targets"] = targetsSchema(reg, defs)
		case name == "policy" && len(reg.All()) > 0:
			rule := object{"enum": slices.Concat([]string{"read", "write", "destructive"}, familiesOf(reg), reg.Names())}
			for key, of := range s["properties"].(object) {
				description, _ := of.(object)["description"].(string)
				s["properties"].(object)[key] = object{"anyOf": []any{rule, object{"type": "array", "items": rule}}, "description": description}
			}
		}
	}
	return b.document("The environments of runbook", yaml.DeclarationOf[environment.File]())
}

// targetsSchema adds a definition for each kind of target. A target is of the
// kind of its name, or says its kind.
func targetsSchema(reg *action.Registry, defs object) object {
	properties, names, rules := object{}, []string{}, []any{}
	for _, kind := range reg.Targets() {
		name := "target." + kind.Name
		defs[name] = targetSchema(kind, defs)
		names = append(names, kind.Name)
		rule := object{
			"if":   object{"properties": object{"kind": object{"const": kind.Name}}, "required": []string{"kind"}},
			"then": ref(name),
		}
		properties[kind.Name] = object{"if": object{"required": []string{"kind"}}, "then": ref("named_target"), "else": ref(name)}
		rules = append(rules, rule)
	}
	named := object{"type": "object", "properties": object{"kind": object{"enum": names}}, "required": []string{"kind"}}
	if len(rules) > 0 {
		named["allOf"] = rules
	}
	defs["named_target"] = named
	return object{"type": "object", "properties": properties, "additionalProperties": ref("named_target")}
}

// targetSchema is that of a kind: the keys that each target has, and its own.
func targetSchema(kind *action.TargetKind, defs object) object {
	config := kind.Config
	if config == nil {
		config = schema.ObjectOf()
	}
	s := configSchema(config)
	properties := s["properties"].(object)
	each := defs["target"].(object)["properties"].(object)
	for key, of := range each {
		switch {
		case key == kind.Programs:
			properties[key] = describe(each["exec_reads"].(object), of.(object)["description"].(string))
		case key == "kind", kind.Requests && key != "exec_reads":
			properties[key] = of
		}
	}
	properties["kind"] = object{"const": kind.Name}
	s["description"] = kind.Summary
	return s
}

// configSchema is the schema of a value without expressions, in which
// {secret: name} stands for what may be a secret.
func configSchema(t *schema.Type) object {
	var s object
	switch t.Kind {
	case schema.Object:
		properties, required := object{}, []any{}
		for i := range t.Fields {
			f := &t.Fields[i]
			properties[f.Name] = describe(configSchema(f.Type), f.Doc)
			if f.Required {
				required = append(required, f.Name)
			}
		}
		s = closed(properties)
		if len(required) > 0 {
			s["required"] = required
		}
	case schema.List:
		s = object{"type": "array", "items": configSchema(t.Element())}
	case schema.Map:
		s = object{"type": "object", "additionalProperties": configSchema(t.Element())}
	case schema.SecretKind:
		return ref("secret_name")
	default:
		s = schema.JSONSchemaConstant(t)
	}
	if t.AcceptsSecret {
		return object{"anyOf": []any{s, ref("secret_name")}}
	}
	return s
}

// familiesOf are the patterns of all actions of a family.
func familiesOf(reg *action.Registry) []string {
	names := slices.Clone(reg.Families())
	for i, name := range names {
		names[i] = name + ".*"
	}
	return names
}
