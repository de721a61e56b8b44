package schema

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// memos hold what is derived from Go types and patterns, so that it is derived
// once; they never forget and never change a result.
var (
	codecs   sync.Map // reflect.Type -> *codec
	patterns sync.Map // string -> *regexp.Regexp
)

// codec relates one Go type to its type in playbooks.
type codec struct {
	typ    *Type
	goType reflect.Type
	shape  shape
	elem   *codec   // of pointers, lists and maps
	fields []member // of structs, as typ.Fields
}

// member is where the Go struct has a field.
type member struct {
	name  string
	index []int
	codec *codec
}

// shape says how a codec moves values.
type shape uint8

const (
	asIs     shape = iota // the Go type is the type of the playbook value
	anything              // interface any
	named                 // a bool, int, float or string of another Go type
	text
	pointer
	list
	mapping
	structure
)

// Of returns the type of a Go type: of bool, string, int, int32, int64,
// float64, time.Duration, Size, time.Time, Secret, Text, Condition, any,
// slices, maps from string, pointers (optional) and structs of them, whose
// fields have the tags
//
//	yaml:"name"           the name; with ,omitempty it may be absent; - leaves it out
//	doc:"..."             one sentence
//	default:"60s"         makes it optional to give
//	enum:"a,b"            of a text, or of the elements of a list of texts
//	min:"1s" max:"1h"     bounds; of the length of a text or a list
//	pattern:"^[a-z]+$"    of a text
//	secret:"accept"       a secret may go into it
//	place:"url"           of a text: values in it are escaped as parts of a URL, or of a path
//	show:"last"           people see its last lines without asking; first: its first
//	raw:"json"            a text is not kept beside what was read from it, unless an expression reads it
//
// It panics on other Go types and on tags that do not parse. The structs of
// files have the same tags, and more: see runbook/engine/yaml.
func Of(t reflect.Type) *Type { return codecOf(t).typ }

func codecOf(t reflect.Type) *codec {
	if have, ok := codecs.Load(t); ok {
		return have.(*codec)
	}
	c := derive(t, nil)
	codecs.Store(t, c)
	return c
}

func compiled(pattern string) (*regexp.Regexp, error) {
	if have, ok := patterns.Load(pattern); ok {
		return have.(*regexp.Regexp), nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", pattern, err)
	}
	patterns.Store(pattern, re)
	return re, nil
}

// derive makes the codec of t; around are the structs that contain it.
func derive(t reflect.Type, around []reflect.Type) *codec {
	c := &codec{goType: t}
	if typ := known[t]; typ != nil {
		c.typ, c.shape = typ, asIs
		return c
	}
	switch t.Kind() {
	case reflect.Interface:
		if t.NumMethod() > 0 {
			panic(fmt.Sprintf("schema: interface %s has no type in playbooks", t))
		}
		c.typ, c.shape = AnyType, anything
	case reflect.Bool:
		c.typ, c.shape = BoolType, named
	case reflect.Int, reflect.Int32, reflect.Int64:
		c.typ, c.shape = IntType, named
	case reflect.Float64:
		c.typ, c.shape = NumberType, named
	case reflect.String:
		c.typ, c.shape = StringType, named
	case reflect.Pointer:
		c.elem, c.shape = derive(t.Elem(), around), pointer
		c.typ = c.elem.typ.AsOptional()
	case reflect.Slice:
		c.elem, c.shape = derive(t.Elem(), around), list
		c.typ = ListOf(c.elem.typ)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("schema: %s: the keys of a map are strings", t))
		}
		c.elem, c.shape = derive(t.Elem(), around), mapping
		c.typ = MapOf(c.elem.typ)
	case reflect.Struct:
		if t == reflect.TypeFor[Text]() {
			c.typ, c.shape = &Type{Kind: String, AcceptsSecret: true}, text
		} else {
			c.deriveStruct(around)
		}
	default:
		panic(fmt.Sprintf("schema: %s has no type in playbooks", t))
	}
	return c
}

// known are the Go types that playbook values have.
var known = map[reflect.Type]*Type{
	reflect.TypeFor[bool](): BoolType, reflect.TypeFor[int](): IntType, reflect.TypeFor[float64](): NumberType,
	reflect.TypeFor[string](): StringType, reflect.TypeFor[time.Duration](): DurationType, reflect.TypeFor[Size](): SizeType,
	reflect.TypeFor[time.Time](): TimeType, reflect.TypeFor[Secret](): SecretType, reflect.TypeFor[Condition](): ConditionType,
}

func (c *codec) deriveStruct(around []reflect.Type) {
	if slices.Contains(around, c.goType) {
		panic(fmt.Sprintf("schema: %s contains itself", c.goType))
	}
	c.shape, c.typ = structure, &Type{Kind: Object}
	around = append(around[:len(around):len(around)], c.goType)
	for _, f := range reflect.VisibleFields(c.goType) {
		name, _, tagged := tagOf(f)
		inline := f.Anonymous && !tagged
		if !f.IsExported() && !inline || name == "-" || inline {
			continue
		}
		if _, twice := c.typ.Field(name); twice {
			panic(fmt.Sprintf("schema: %s has two fields %s", c.goType, name))
		}
		elem := derive(f.Type, around)
		field := FieldOf(c.goType, f, elem.typ)
		field.Required = field.Required && elem.shape != pointer
		c.typ.Fields = append(c.typ.Fields, field)
		c.fields = append(c.fields, member{name: name, index: f.Index, codec: elem})
	}
}

// tagOf returns the name and the option of the yaml tag; a field without one is
// not of playbooks, but for embedded structs.
func tagOf(f reflect.StructField) (name, options string, tagged bool) {
	tag, ok := f.Tag.Lookup("yaml")
	name, options, _ = strings.Cut(tag, ",")
	if options == "inline" {
		return "", "", false
	}
	if !ok && !f.Anonymous && f.IsExported() {
		panic(fmt.Sprintf("schema: field %s has no yaml tag", f.Name))
	}
	return name, options, ok
}

// FieldOf returns what the tags of a field of the struct owner declare, where
// its values have the type t. It panics on tags that do not parse.
func FieldOf(owner reflect.Type, f reflect.StructField, t *Type) Field {
	bad := func(tag string, err any) {
		panic(fmt.Sprintf("schema: %s.%s: tag %s: %v", owner, f.Name, tag, err))
	}
	name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	field := Field{Name: name, Type: t, Doc: f.Tag.Get("doc"), Pattern: f.Tag.Get("pattern"), Raw: f.Tag.Get("raw"), Show: f.Tag.Get("show")}
	if enum := f.Tag.Get("enum"); enum != "" {
		if field.Type = withEnum(t, strings.Split(enum, ",")); field.Type == nil {
			bad("enum", "only of text and lists of text")
		}
	}
	if mode, ok := f.Tag.Lookup("secret"); ok {
		if mode != "accept" {
			bad("secret", "the only value is accept")
		}
		c := *field.Type
		c.AcceptsSecret = true
		field.Type = &c
	}
	if place, ok := f.Tag.Lookup("place"); ok {
		c := *field.Type
		if c.Place = Place(place); c.Place != URLPlace && c.Place != PathPlace {
			bad("place", "it is url or path")
		}
		field.Type = &c
	}
	if f.Tag.Get("times") == "true" {
		c := *field.Type
		c.Times = true
		field.Type = &c
	}
	if field.Pattern != "" {
		if _, err := compiled(field.Pattern); err != nil {
			bad("pattern", err)
		}
	}
	bound := field.Type
	if bound.Kind == String || bound.Kind == List || bound.Kind == Map {
		bound = IntType
	}
	var err error
	if field.Min, err = parseTag(f, "min", bound); err != nil {
		bad("min", err)
	}
	if field.Max, err = parseTag(f, "max", bound); err != nil {
		bad("max", err)
	}
	if field.Default, err = parseTag(f, "default", field.Type); err == nil && field.Default != nil {
		field.Default, err = ConvertField(field, field.Default)
	}
	if err != nil {
		bad("default", err)
	}
	field.Required = field.Default == nil && options != "omitempty"
	return field
}

// parseTag reads the tag as a value of t; nil where there is none.
func parseTag(f reflect.StructField, tag string, t *Type) (any, error) {
	written, ok := f.Tag.Lookup(tag)
	if !ok {
		return nil, nil
	}
	return ParseText(t, written, t.Kind == String)
}

func withEnum(t *Type, values []string) *Type {
	c := *t
	switch {
	case t.Kind == String:
		c.Enum = values
	case t.Kind == List && t.Element().Kind == String:
		elem := *t.Elem
		elem.Enum = values
		c.Elem = &elem
	default:
		return nil
	}
	return &c
}
