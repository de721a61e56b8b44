package reference

import (
	"slices"
	"strings"

	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// declared turns declarations of files into definitions below $defs, one for
// each kind of mapping.
type declared struct {
	defs object
	// amend adds to the schema of a mapping what the tags cannot know: the names
	// of actions, the keys of targets.
	amend func(name string, definition object)
	made  map[string]*yaml.Declaration // by the names of their definitions
}

// stand is where a mapping stands, as far as it bears on what it takes.
type stand struct {
	what    string // how it is called
	without []string
	scope   string   // how what forbids never is called
	never   []string // keys that nothing in it takes
}

// document is the schema of a file: its root, and the definitions.
func (b *declared) document(title string, d *yaml.Declaration) ([]byte, error) {
	b.made = map[string]*yaml.Declaration{}
	root := b.object(d, stand{what: d.What})
	root["$schema"], root["title"], root["$defs"] = dialect, title, b.defs
	return encode(root)
}

// mapping returns a reference to the definition of a mapping, which it adds.
func (b *declared) mapping(d *yaml.Declaration, at stand) object {
	if d.Whole != nil {
		return object{"anyOf": []any{b.value(d.Short, at), b.mapping(d.Whole, at)}}
	}
	name := nameOf(at.what)
	if at.scope != "" && at.scope != name {
		name = at.scope + "." + name
	}
	if b.made[name] == nil && b.defs[name] != nil {
		name += "-entry" // one of the scalars has this name
	}
	switch b.made[name] {
	case nil:
		b.made[name] = d // it may hold itself
		b.defs[name] = b.forms(d, at)
	case d:
	default:
		panic("reference: two mappings of one file are called " + name)
	}
	return ref(name)
}

// nameOf is the name of a definition: "manual-step" for "a manual step".
func nameOf(what string) string {
	if article, noun, ok := strings.Cut(what, " "); ok && (article == "a" || article == "an" || article == "the") {
		what = noun
	}
	return strings.ReplaceAll(strings.Trim(what, `"`), " ", "-")
}

// forms is the schema of a mapping and of what may stand for it.
func (b *declared) forms(d *yaml.Declaration, at stand) object {
	var forms []any
	for _, k := range []*yaml.Key{d.Short, d.List} {
		if k != nil {
			forms = append(forms, b.value(k, at))
		}
	}
	if len(d.Keys) > 0 || d.Open() {
		forms = append(forms, b.object(d, at))
	}
	if len(forms) == 1 {
		return forms[0].(object)
	}
	return object{"anyOf": forms}
}

// object is the schema of a mapping: its keys, and which go together.
func (b *declared) object(d *yaml.Declaration, at stand) object {
	properties, required := object{}, []string{}
	rules := rules{together: object{}, schemas: object{}}
	for _, k := range d.Keys {
		if slices.Contains(at.without, k.Name) || slices.Contains(at.never, k.Name) {
			continue
		}
		properties[k.Name] = describe(b.value(k, at), k.Doc)
		if k.Required {
			required = append(required, k.Name)
		}
		rules.add(k)
	}
	s := object{"type": "object", "properties": properties}
	if !d.Open() {
		s["additionalProperties"] = false
	}
	if d.Root {
		s["patternProperties"] = object{"^x-": object{}}
	}
	if len(required) > 0 {
		s["required"] = required
	}
	if group := d.Group(); len(group) > 0 {
		s["oneOf"] = each(group)
	}
	rules.into(s)
	b.amend(nameOf(d.What), s)
	return s
}

// value is the schema of what a key takes.
func (b *declared) value(k *yaml.Key, at stand) object {
	switch k.Shape {
	case yaml.Text:
		if k.Late {
			return object{"anyOf": []any{scalar(k, k.Type), ref("expression")}}
		}
		return scalar(k, k.Type)
	case yaml.Texts:
		return listOf(k, scalar(k, k.Type.Element()))
	case yaml.Mapping:
		return b.mapping(k.Of, below(k, at))
	case yaml.Mappings:
		return listOf(k, b.mapping(k.Of, below(k, at)))
	case yaml.NamedMappings:
		return named(k.Of.Name, b.mapping(k.Of, below(k, at)))
	case yaml.NamedAnys:
		return named(k, object{})
	}
	switch k.Type.Kind {
	case schema.Map:
		return object{"type": "object"}
	case schema.List:
		return object{"anyOf": []any{object{"type": "array"}, ref("expression")}}
	}
	return object{}
}

// below is where the mappings below a key stand.
func below(k *yaml.Key, at stand) stand {
	in := stand{what: k.Of.What, without: k.Without}
	if k.As != "" {
		in.what = k.As
	}
	if reaches(k.Of, at.never, map[*yaml.Declaration]bool{}) {
		in.scope, in.never = at.scope, at.never
	}
	if len(k.Never) > 0 {
		in.scope, in.never = nameOf(k.As), k.Never
	}
	return in
}

// reaches reports whether a mapping, or one in it, has one of the keys.
func reaches(d *yaml.Declaration, keys []string, seen map[*yaml.Declaration]bool) bool {
	if seen[d] {
		return false
	}
	seen[d] = true
	return slices.ContainsFunc(d.Keys, func(k *yaml.Key) bool {
		return slices.Contains(keys, k.Name) || k.Of != nil && reaches(k.Of, keys, seen)
	})
}

// scalar is the schema of one text of a key, whose values are of type t.
func scalar(k *yaml.Key, t *schema.Type) object {
	switch {
	case k.Named != "":
		return object{"type": []string{"string", "boolean"}, "pattern": namePattern(k)} // YAML reads true as no text
	case len(t.Enum) > 0:
		return object{"enum": words(t.Enum)}
	case k.Pattern != "":
		return object{"type": "string", "pattern": k.Pattern}
	}
	f := k.Field
	if f.Type = t; k.Shape == yaml.Texts {
		f.Min, f.Max = nil, nil
	}
	return schema.JSONSchemaFixed(&f)
}

func namePattern(k *yaml.Key) string { return "^[a-z][a-z0-9" + k.Joint + "]*$" }

// words are those of an enumeration as YAML reads them.
func words(enum []string) []any {
	all := make([]any, len(enum))
	for i, word := range enum {
		if all[i] = word; word == "true" || word == "false" {
			all[i] = word == "true"
		}
	}
	return all
}

func listOf(k *yaml.Key, item object) object {
	s := object{"type": "array", "items": item}
	if k.Min != nil {
		s["minItems"] = k.Min
	}
	if !k.OrOne {
		return s
	}
	if k.Of != nil && k.Of.List != nil { // a list is one of entries, never an entry
		item = object{"allOf": []any{item}, "not": object{"type": "array"}}
	}
	return object{"anyOf": []any{item, s}}
}

// named is the schema of values by their names.
func named(name *yaml.Key, value object) object {
	s := object{"type": "object", "additionalProperties": value}
	if name.Named != "" {
		s["propertyNames"] = object{"pattern": namePattern(name)}
	}
	return s
}

// rules are those of keys that go together.
type rules struct {
	together object // dependentRequired
	schemas  object // dependentSchemas
	all      []any
}

func (r *rules) add(k *yaml.Key) {
	needs := slices.Clone(k.With)
	if len(k.Beside) == 1 {
		needs = append(needs, k.Beside[0])
	}
	if len(needs) > 0 {
		r.together[k.Name] = needs
	}
	if len(k.Beside) > 1 {
		r.schemas[k.Name] = object{"anyOf": each(k.Beside)}
	}
	if k.For.Key != "" {
		r.schemas[k.Name] = object{"properties": object{k.For.Key: object{"enum": k.For.Of}}}
	}
	if k.Only.Key != "" {
		r.all = append(r.all, object{
			"if":   object{"properties": object{k.Name: object{"const": k.Only.Key}}, "required": []string{k.Name}},
			"then": object{"anyOf": each(k.Only.Of)},
		})
	}
}

func (r *rules) into(s object) {
	if len(r.together) > 0 {
		s["dependentRequired"] = r.together
	}
	if len(r.schemas) > 0 {
		s["dependentSchemas"] = r.schemas
	}
	if len(r.all) > 0 {
		s["allOf"] = r.all
	}
}

// each are the schemas that ask for one key each.
func each(keys []string) []any {
	all := make([]any, len(keys))
	for i, key := range keys {
		all[i] = object{"required": []string{key}}
	}
	return all
}
