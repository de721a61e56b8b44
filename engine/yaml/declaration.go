package yaml

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"runbook/engine/schema"
)

// Declaration is what a struct declares of a mapping of a file: its keys, what
// they take, and which go together. Decode, the JSON Schemas and the tables of
// the docs are made from it.
type Declaration struct {
	Means
	Keys  []*Key
	Name  *Key         // takes the key under which the mapping stands; nil: it stands under none
	Short *Key         // takes a value that is no mapping; nil: there is no short form
	List  *Key         // takes a list that stands for the mapping; nil: none does
	Whole *Declaration // the mapping is another, and this only adds the short form; nil: it is its own

	goType reflect.Type
	whole  []int // where the struct has what Whole declares
	node   []int // where it has its *Node
	rest   []int // where it has the pairs of other keys; nil: it takes none
}

// Means is what is said of a mapping as a whole, by the tags what, write, idle,
// several, large and root of its field Node, and by a method Foreign.
type Means struct {
	What    string                  // how messages call it: "a step"
	Write   string                  // what to write in place of something that is no such mapping
	Idle    string                  // said of one that has none of the keys of which one must be: "does nothing"
	Several string                  // what to write in place of several of these
	Large   string                  // what to do where a file of it is too large
	Root    bool                    // keys that begin with x- are not read
	Foreign func(key string) string // what to write for a word of another tool; "" for other words
}

// translator is implemented by structs that know words of other tools.
type translator interface{ Foreign(key string) string }

// Shape is how the value of a key is laid out.
type Shape uint8

// The shapes of values. A named list is written as a mapping.
const (
	Text  Shape = iota // a scalar
	Texts              // a list of scalars
	Mapping
	Mappings      // a list of mappings
	NamedMappings // mappings by their names
	Any           // a node as it stands: of the kinds that the type of the key says
	NamedAnys     // nodes by their names
)

// Key is a key of a mapping, as the tags of a field declare it. Beside the tags
// of schema.Of there are
//
//	yaml:"name,short"       the key, or the value itself if it is no mapping
//	yaml:",short"           only the value itself
//	yaml:"name,list"        the key, or the value itself if it is a list
//	yaml:",key"             the key under which the mapping stands
//	yaml:",whole"           the mapping is all of another one
//	yaml:",rest"            the keys that it does not declare
//	hint:"..."              what to write where it is missing or of the wrong kind
//	type:"condition"        of a String: an expression that must hold; of a Node: map, list
//	late:"true"             ${{ }} may stand for it: it is decided when a run begins
//	name:"a step"           of what it is the name: lower case letters, digits and _
//	joint:"-"               ... and this in place of _
//	list:"one"              one item may stand for the list
//	one:"body"              exactly one key of the mapping with this tag is given
//	beside:"a|b"            stands only where a or b stands
//	with:"a,b"              asks for a and b
//	for:"type=list|map"     stands only where the key type has one of these values
//	only:"continue=a|b"     its value continue stands only where a or b stands
//	as:"a remedy"           how the mappings in it are called
//	without:"a,b"           keys that these do not take
//	never:"a,b"             keys that nothing in these takes
//	because:"..."           why, for the four before
type Key struct {
	schema.Field
	Shape Shape
	Of    *Declaration // of Mapping, Mappings, NamedMappings

	Hint, Named, Joint  string
	OrOne               bool
	One                 string
	Beside, With        []string
	For, Only           Value
	As, Because         string
	Without, Never      []string
	called              string // of a short form: what it stands for
	index               []int
	goType              reflect.Type
	pointers, condition bool

	// Late: ${{ }} may stand for the value.
	Late bool
}

// Value are values of a key, or a value and the keys that it belongs to.
type Value struct {
	Key string
	Of  []string
}

// declarations are those that were made, so that each is made once; they never
// change.
var declarations sync.Map // reflect.Type -> *Declaration

// DeclarationOf returns what T, a struct, declares. It panics on tags that do
// not parse.
func DeclarationOf[T any]() *Declaration { return declarationOf(reflect.TypeFor[T]()) }

func declarationOf(t reflect.Type) *Declaration {
	if have, ok := declarations.Load(t); ok {
		return have.(*Declaration)
	}
	d := deriver{}.declaration(t)
	declarations.Store(t, d)
	return d
}

// Open reports whether the mapping takes keys that it does not declare.
func (d *Declaration) Open() bool { return d.rest != nil }

// Key returns the key of that name, nil if there is none.
func (d *Declaration) Key(name string) *Key {
	for _, k := range d.Keys {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// Names returns the names of the keys, in order.
func (d *Declaration) Names() []string {
	names := make([]string, len(d.Keys))
	for i, k := range d.Keys {
		names[i] = k.Name
	}
	return names
}

// Group returns the keys of which exactly one is given, nil if there are none.
func (d *Declaration) Group() []string {
	var names []string
	for _, k := range d.Keys {
		if k.One != "" {
			names = append(names, k.Name)
		}
	}
	return names
}

// deriver makes declarations; those that contain themselves are found in it.
type deriver map[reflect.Type]*Declaration

func (r deriver) declaration(t reflect.Type) *Declaration {
	if have, ok := r[t]; ok {
		return have
	}
	d := &Declaration{goType: t}
	r[t] = d
	for _, f := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Type == reflect.TypeFor[*Node]() && f.Name == "Node":
			d.node = f.Index
			d.Means = Means{
				What: f.Tag.Get("what"), Idle: f.Tag.Get("idle"), Root: f.Tag.Get("root") == "true",
				Write: marked(f.Tag.Get("write")), Several: marked(f.Tag.Get("several")), Large: f.Tag.Get("large"),
			}
		case f.Anonymous || f.Tag.Get("yaml") == "" || name == "-":
		case option == "rest":
			d.rest = f.Index
		case option == "whole":
			d.Whole, d.whole = r.declaration(f.Type.Elem()), f.Index
			d.Means = d.Whole.Means
		default:
			d.add(r.key(t, f), name, option)
		}
	}
	if of, ok := reflect.Zero(t).Interface().(translator); ok {
		d.Foreign = of.Foreign
	}
	if d.Short != nil {
		d.Short.called = strings.Trim(d.What, `"`)
	}
	return d
}

func (d *Declaration) add(k *Key, name, option string) {
	switch option {
	case "key":
		d.Name = k
		return
	case "short":
		d.Short = k
	case "list":
		d.List, k.Required = k, k.One == "" // of a group one is asked for
	}
	if name != "" {
		d.Keys = append(d.Keys, k)
	}
}

// key reads the tags of a field.
func (r deriver) key(owner reflect.Type, f reflect.StructField) *Key {
	tag := f.Tag
	k := &Key{
		Hint: tag.Get("hint"), Named: tag.Get("name"), Joint: tag.Get("joint"), OrOne: tag.Get("list") == "one", One: tag.Get("one"),
		Beside: words(tag.Get("beside"), "|"), With: words(tag.Get("with"), ","), For: valueOf(tag.Get("for")), Only: valueOf(tag.Get("only")),
		As: tag.Get("as"), Because: tag.Get("because"), Without: words(tag.Get("without"), ","), Never: words(tag.Get("never"), ","),
		index: f.Index, goType: f.Type, condition: tag.Get("type") == "condition",
		Late: tag.Get("late") == "true",
	}
	if k.Joint == "" {
		k.Joint = "_"
	}
	t := r.shape(k, f)
	if k.condition && k.Shape == Texts {
		t = schema.ListOf(schema.ConditionType)
	} else if k.condition {
		t = schema.ConditionType
	}
	k.Field = schema.FieldOf(owner, f, t)
	return k
}

// shape sets the shape of a key by the Go type of its field, and returns the
// type of its values.
func (r deriver) shape(k *Key, f reflect.StructField) *schema.Type {
	t := f.Type
	isList := t.Kind() == reflect.Slice
	if isList {
		t = t.Elem()
	}
	list := func(one, many Shape, of *schema.Type) *schema.Type {
		if k.Shape = one; isList {
			k.Shape, of = many, schema.ListOf(of)
		}
		return of
	}
	switch s, ok := reflect.New(t).Interface().(scalar); {
	case ok:
		return list(Text, Texts, schema.Of(s.valueType()))
	case t == reflect.TypeFor[*Node]():
		k.Shape = Any
		return nodeType(f.Tag.Get("type"))
	case t == reflect.TypeFor[Pair]():
		k.Shape = NamedAnys
		return schema.MapOf(schema.AnyType)
	}
	if k.pointers = t.Kind() == reflect.Pointer; k.pointers {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("yaml: field %s: a %s stands in no file", f.Name, f.Type))
	}
	k.Of = r.declaration(t)
	list(Mapping, Mappings, schema.AnyType)
	if isList && k.Of.Name != nil {
		k.Shape = NamedMappings
	}
	if isList {
		return schema.ListOf(schema.AnyType)
	}
	return schema.AnyType
}

func nodeType(word string) *schema.Type {
	switch word {
	case "map":
		return schema.MapOf(schema.AnyType)
	case "list":
		return schema.ListOf(schema.AnyType)
	case "":
		return schema.AnyType
	}
	panic(fmt.Sprintf("yaml: no node is of type %q", word))
}

// marked is a text of a tag, in which '...' stands for code.
func marked(tag string) string { return strings.ReplaceAll(tag, "'", "`") }

func words(tag, separator string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, separator)
}

func valueOf(tag string) Value {
	key, values, _ := strings.Cut(tag, "=")
	return Value{Key: key, Of: words(values, "|")}
}

// noun is what without its article: "step" of "a step".
func noun(what string) string {
	_, after, ok := strings.Cut(what, " ")
	if !ok {
		return strings.Trim(what, `"`)
	}
	return after
}

// plural is the noun of several.
func plural(what string) string {
	n := noun(what)
	for _, joint := range []string{" in ", " to ", " of "} {
		if head, rest, ok := strings.Cut(n, joint); ok {
			return plural("a "+head) + joint + rest
		}
	}
	if strings.HasSuffix(n, "y") {
		return strings.TrimSuffix(n, "y") + "ies"
	}
	return n + "s"
}
