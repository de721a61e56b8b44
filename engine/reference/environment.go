package reference

import (
	"runbook/engine/action"
	"runbook/engine/schema"
)

// EnvironmentSchema returns the JSON Schema (draft 2020-12) of runbook.yaml,
// with the keys of each kind of target.
func EnvironmentSchema(reg *action.Registry) ([]byte, error) {
	defs := schema.JSONSchemaDefinitions()
	secret := closed(object{"secret": object{"type": "string"}})
	secret["required"] = []string{"secret"}
	defs["secret_name"] = describe(secret, "The name of an entry under secrets.")
	defs["reads"] = readsSchema()
	defs["targets"] = targetsSchema(reg, defs)
	root := closed(object{
		"default": object{"type": "string", "description": "The environment that is taken without --env."},
		"roles": object{
			"type": "object", "description": "Names of roles and the people who have them.",
			"additionalProperties": object{"type": "array", "items": object{"type": "string"}},
		},
		"environments": object{"type": "object", "additionalProperties": environmentSchema(reg)},
	})
	root["$schema"], root["title"], root["$defs"] = dialect, "The environments of runbook", defs
	root["required"] = []string{"environments"}
	return encode(root)
}

func environmentSchema(reg *action.Registry) object {
	command := object{"type": "array", "items": object{"type": "string"}, "minItems": 1}
	source := closed(object{
		"env": object{"type": "string"}, "file": object{"type": "string"}, "command": command,
		"weak": object{"type": "boolean", "description": "It may have fewer than 8 bytes."},
	})
	source["oneOf"] = []any{
		object{"required": []string{"env"}}, object{"required": []string{"file"}}, object{"required": []string{"command"}},
	}
	rules := object{"type": "array", "items": object{"enum": append([]string{"read", "write", "destructive"}, reg.Names()...)}}
	return closed(object{
		"targets":   ref("targets"),
		"protected": object{"type": "boolean", "description": "The banner warns, and --env must be given."},
		"vars":      object{"type": "object", "description": "Values that playbooks read as vars; {secret: name} is a secret."},
		"secrets":   object{"type": "object", "additionalProperties": source},
		"policy": closed(object{
			"allow": rules, "approve": rules, "deny": rules,
			"yes": describe(rules, "What --yes may answer for."),
		}),
	})
}

func readsSchema() object {
	rpc := closed(object{"rpc": object{"type": "string"}})
	rpc["required"] = []string{"rpc"}
	request := object{"type": "string", "pattern": "^[A-Z]+ /"}
	return object{
		"type": "array", "items": object{"anyOf": []any{request, rpc}},
		"description": "Requests that change nothing although their protocol calls them changes.",
	}
}

// targetsSchema adds a definition for each kind of target. A target is of the
// kind of its name, or says its kind.
func targetsSchema(reg *action.Registry, defs object) object {
	properties, names, rules := object{}, []string{}, []any{}
	for _, kind := range reg.Targets() {
		name := "target." + kind.Name
		defs[name] = targetSchema(kind)
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

func targetSchema(kind *action.TargetKind) object {
	config := kind.Config
	if config == nil {
		config = schema.ObjectOf()
	}
	s := configSchema(config)
	properties := s["properties"].(object)
	properties["kind"] = object{"const": kind.Name}
	properties["reads"] = ref("reads")
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
