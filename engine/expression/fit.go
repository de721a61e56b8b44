package expression

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/schema"
)

// kinds is a set of kinds of values.
type kinds uint16

const (
	isBool kinds = 1 << iota
	isInt
	isNumber
	isSize
	isText
	isDuration
	isTime
	isList
	isMap
	isNil

	isWhole    = isInt | isSize
	isNumeric  = isInt | isNumber | isSize
	isAnything = isBool | isNumeric | isText | isDuration | isTime | isList | isMap | isNil
)

// kindsOf gives the set that holds one kind; 0 for what no function takes.
func kindsOf(k schema.Kind) kinds { return kindSets[k] }

var kindSets = [...]kinds{
	schema.Null: isNil, schema.Bool: isBool, schema.ConditionKind: isBool,
	schema.Int: isInt, schema.Number: isNumber, schema.SizeKind: isSize, schema.String: isText,
	schema.Duration: isDuration, schema.Time: isTime, schema.List: isList, schema.Map: isMap, schema.Object: isMap,
}

// take reports whether a value of type t may be of these kinds. Where an
// integer is taken, so is a size.
func (k kinds) take(t *schema.Type) bool {
	if k&isInt != 0 {
		k |= isSize
	}
	return t.Kind == schema.Any || k&kindsOf(t.Kind) != 0
}

// String lists the kinds for a message: "a text or a list".
func (k kinds) String() string {
	var words []string
	for _, w := range [...]struct {
		kind kinds
		word string
	}{
		{isBool, "true or false"}, {isText, "a text"}, {isList, "a list"}, {isMap, "a map"},
		{isDuration, "a duration"}, {isTime, "a time"},
	} {
		if k&w.kind != 0 {
			words = append(words, w.word)
		}
	}
	switch {
	case k&isNumber != 0:
		words = append(words, "a number")
	case k&isWhole != 0:
		words = append(words, "an integer")
	}
	if len(words) > 1 {
		words = []string{strings.Join(words[:len(words)-1], ", "), words[len(words)-1]}
	}
	return strings.Join(words, " or ")
}

// article names a type in a sentence: "a list of string", "an optional int".
func article(t *schema.Type) string {
	if t.Kind == schema.Null {
		return "nil"
	}
	name := t.String()
	if len(t.Enum) > 0 {
		name = strings.Replace(name, "one of "+strings.Join(t.Enum, ", "), "string", 1)
	}
	if name == "any" {
		return "any value"
	}
	if strings.ContainsRune("aeiou", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

func isNum(t *schema.Type) bool { return t.Kind != schema.Any && isNumeric.take(t) }

// comparable reports whether values of the types can be equal.
func comparable(a, b *schema.Type) bool {
	switch {
	case a.Kind == schema.Any || b.Kind == schema.Any || a.Kind == schema.Null || b.Kind == schema.Null:
		return true
	case isNum(a):
		return isNum(b)
	case a.Kind == schema.List && b.Kind == schema.List:
		return comparable(a.Element(), b.Element())
	}
	return kindsOf(a.Kind) == kindsOf(b.Kind)
}

// ordered reports whether values of the types can be compared by <.
func ordered(a, b *schema.Type) bool {
	sortable := isNumeric | isText | isDuration | isTime
	switch {
	case a.Kind == schema.Any:
		return sortable.take(b) || isVersion(b)
	case b.Kind == schema.Any:
		return sortable.take(a) || isVersion(a)
	}
	return sortable.take(a) && comparable(a, b) || isVersion(a) && isVersion(b)
}

// isVersion reports whether t is the type of semver.
func isVersion(t *schema.Type) bool {
	return t.Kind == schema.Object && slices.Equal(t.Names(), versionType.Names())
}

// union is the type of a value that is of one type or the other.
func union(a, b *schema.Type) *schema.Type {
	optional := a.Optional || b.Optional
	t := unionKind(a, b)
	if optional {
		return t.AsOptional()
	}
	return t
}

func unionKind(a, b *schema.Type) *schema.Type {
	switch {
	case a == b || b == emptyElem || b.Kind == schema.Null:
		return a
	case a == emptyElem || a.Kind == schema.Null:
		return b
	case a.Kind == schema.SecretKind || b.Kind == schema.SecretKind:
		return schema.SecretType
	case isNum(a) && isNum(b):
		return unionNumber(a, b)
	case a.Kind == schema.String && b.Kind == schema.String:
		if len(a.Enum) == 0 || len(b.Enum) == 0 {
			return schema.StringType
		}
		return schema.EnumOf(sortedUnique(append(slices.Clone(a.Enum), b.Enum...))...)
	case a.Kind == schema.List && b.Kind == schema.List:
		return schema.ListOf(union(a.Element(), b.Element()))
	case a.Kind == schema.Map && b.Kind == schema.Map:
		return schema.MapOf(union(a.Element(), b.Element()))
	case a.Kind == schema.Object && b.Kind == schema.Object:
		return unionObject(a, b)
	case a.Kind == b.Kind && a.Kind != schema.Map:
		return a
	}
	return schema.AnyType
}

func unionNumber(a, b *schema.Type) *schema.Type {
	switch {
	case a.Kind == schema.Number || b.Kind == schema.Number:
		return schema.NumberType
	case a.Kind == schema.SizeKind || b.Kind == schema.SizeKind:
		return schema.SizeType
	}
	return schema.IntType
}

// unionObject keeps the fields of both; what only one has is optional.
func unionObject(a, b *schema.Type) *schema.Type {
	var fields []schema.Field
	for _, f := range a.Fields {
		if other, ok := b.Field(f.Name); ok {
			fields = append(fields, schema.Field{Name: f.Name, Type: union(f.Type, other.Type)})
		} else {
			fields = append(fields, schema.Field{Name: f.Name, Type: f.Type.AsOptional()})
		}
	}
	for _, f := range b.Fields {
		if _, ok := a.Field(f.Name); !ok {
			fields = append(fields, schema.Field{Name: f.Name, Type: f.Type.AsOptional()})
		}
	}
	return schema.ObjectOf(fields...)
}

// noSecret reports n if it may hold a secret, and whether it does.
func (c *checker) noSecret(n *node, what string) bool {
	if !n.typ.HoldsSecret() {
		return false
	}
	c.reportNode(CodeSecret, n, "a secret cannot "+what, "it can be used whole, in ?? and ?:, in ${{ }} within a text, in lists and maps, and in toJSON, toBase64, fromBase64, sha256 and urlEncode")
	n.typ = schema.AnyType
	return true
}

// operand returns the type of n where neither nil nor a secret can be used.
func (c *checker) operand(n *node, what string) *schema.Type {
	if c.noSecret(n, what) {
		return schema.AnyType
	}
	if n.typ.Optional && n.typ.Kind != schema.Null {
		from, to := c.span(n)
		c.mayBeNil(n, from, to)
		return n.typ.AsRequired()
	}
	return n.typ
}

// taken returns the type of n where values of these kinds can be used.
func (c *checker) taken(n *node, takes kinds, what string) *schema.Type {
	if takes&isNil == 0 {
		return c.operand(n, what)
	}
	c.noSecret(n, what)
	return n.typ
}

// printable reports whether a value of the type has a text form.
func printable(t *schema.Type) bool {
	return kindsOf(t.Kind)&(isNumeric|isBool|isText|isDuration|isTime) != 0
}

// fit reports the whole expression if its value is not wanted.
func (c *checker) fit(n *node, want *schema.Type, use purpose) {
	typ := n.typ
	length := len([]rune(c.source))
	switch {
	case use == interpolated:
		if typ.Optional {
			c.mayBeNil(n, 0, length)
		}
		if typ.Kind != schema.SecretKind {
			c.noSecret(n, "be printed inside of another value")
		}
	case want == nil:
	case use == printed && printable(typ) && (!typ.Optional || want.Optional):
	case typ.Optional && !want.Optional && want.Kind != schema.Any && typ.Kind != schema.Null:
		c.mayBeNil(n, 0, length)
	default:
		if want.Kind == schema.String {
			c.enumerated(want, n)
		}
		if p := misfit(typ, want, c.base, length); p != nil {
			c.problems = append(c.problems, *p)
		}
	}
}

// misfit returns the problem with a value of type typ where want is wanted.
func misfit(typ, want *schema.Type, offset, length int) *Problem {
	if want == nil || typ == emptyElem || schema.Accepts(want, typ) {
		return nil
	}
	p := &Problem{Code: CodeType, Offset: offset, Length: max(length, 1),
		Message: fmt.Sprintf("this is %s, but %s is wanted", article(typ), article(want))}
	switch {
	case typ.HoldsSecret() && !want.AcceptsSecret && want.Kind != schema.SecretKind:
		p.Code, p.Message = CodeSecret, "a secret cannot go here"
		p.Hint = "it can only go into parameters that are declared secret, and into headers, bodies and environment of requests"
	case want.Kind == schema.Bool || want.Kind == schema.ConditionKind:
		p.Message, p.Hint = "a condition is true or false, this is "+article(typ), conditionHint(typ)
	case want.Kind == schema.Int && typ.Kind == schema.String:
		p.Hint = "write int(...)"
	case want.Kind == schema.Number && typ.Kind == schema.String:
		p.Hint = "write float(...)"
	case want.Kind == schema.String:
		p.Hint = "write string(...)"
	}
	return p
}
