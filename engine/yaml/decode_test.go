package yaml_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// menu has a key of each shape, and each rule.
type menu struct {
	Title  yaml.String   `yaml:"title" hint:"name it" doc:"Its name."`
	Kind   yaml.String   `yaml:"kind,omitempty" enum:"soup,salad" doc:"A word."`
	Count  yaml.Int      `yaml:"count,omitempty" min:"1" max:"9" doc:"A number."`
	Share  yaml.Number   `yaml:"share,omitempty" min:"0" max:"1" doc:"A part."`
	Warm   yaml.Bool     `yaml:"warm,omitempty" doc:"Yes or no."`
	Wait   yaml.Duration `yaml:"wait,omitempty" min:"1s" beside:"warm" doc:"A time."`
	If     yaml.String   `yaml:"if,omitempty" type:"condition" doc:"A condition."`
	Salt   yaml.String   `yaml:"salt,omitempty" for:"kind=soup" only:"much=warm|count" because:"write little" doc:"How much."`
	Names  []yaml.String `yaml:"names,omitempty" list:"one" doc:"Texts."`
	Items  []*item       `yaml:"items,omitempty" min:"1" as:"a main item" without:"note" never:"never" because:"it is the main one" doc:"Mappings."`
	Extra  []item        `yaml:"extra,omitempty" list:"one" doc:"Mappings, or one."`
	Main   *item         `yaml:"main,omitempty" with:"title,kind" doc:"A mapping."`
	Prices []price       `yaml:"prices,omitempty" doc:"Named."`
	Vars   []yaml.Pair   `yaml:"vars,omitempty" name:"a variable" joint:"-" hint:"write name: value" doc:"Anything, named."`
	Raw    *yaml.Node    `yaml:"raw,omitempty" type:"map" hint:"write {a: b}" doc:"A mapping of anything."`
	Each   *yaml.Node    `yaml:"each,omitempty" type:"list" doc:"A list, or what gives one."`
	Any    *yaml.Node    `yaml:"any,omitempty" doc:"Anything."`
	Node   *yaml.Node    `what:"a menu" write:"write title: text" root:"true"`
}

func (menu) Foreign(key string) string {
	if key == "headline" {
		return "write title: text"
	}
	return ""
}

type item struct {
	ID    yaml.String `yaml:"id,short" name:"an item" doc:"Its id."`
	Note  yaml.String `yaml:"note,omitempty" doc:"A note."`
	Never yaml.String `yaml:"never,omitempty" doc:"Not below items."`
	Cook  yaml.String `yaml:"cook,omitempty" one:"way" doc:"One way."`
	Bake  yaml.String `yaml:"bake,omitempty" one:"way" doc:"Another."`
	Part  *item       `yaml:"part,omitempty" doc:"One inside."`
	Node  *yaml.Node  `what:"an item" write:"write {id: name, cook: text}" idle:"is raw" several:"keep one"`
}

type price struct {
	Of   yaml.String `yaml:",key"`
	Cent yaml.Int    `yaml:"cent" hint:"write cent: 100" doc:"How much."`
	Rest []yaml.Pair `yaml:",rest"`
	Node *yaml.Node  `what:"a price" write:"write NAME: {cent: 100}"`
}

func decode(text string) (*menu, diag.List) {
	m := &menu{}
	list := yaml.Decode(&yaml.Source{Name: "menu.yaml", Text: []byte(text)}, m)
	return m, list
}

func TestDecode(t *testing.T) {
	m, list := decode(`
title: today
kind: soup
count: 3
share: 0.5
warm: true
wait: 90s
if: a > 1
salt: much
names: one
items: [first, {id: second, bake: long, part: third}]
extra: {id: a, cook: b}
main: single
prices: {big: {cent: 5, tip: {a: b}}, small: {cent: 3}}
vars: {a-b: [1]}
raw: {x: y}
each: ${{ list }}
any:
x-mine: left
`)
	if len(list) > 0 {
		t.Fatal(list)
	}
	got := []any{
		m.Title.Value, m.Kind.Value, m.Count.Value, m.Share.Value, m.Warm.Value, m.Wait.Value, m.If.Value, m.Names[0].Value,
		m.Items[0].ID.Value, m.Items[1].Part.ID.Value, m.Items[1].Bake.Value, m.Extra[0].Cook.Value, m.Main.ID.Value,
		m.Prices[0].Of.Value, m.Prices[1].Cent.Value, m.Prices[0].Rest[0].Key.Text, m.Vars[0].Key.Text, m.Raw.Get("x").Text,
		m.Each.Text, m.Any.Kind, m.Count.Or(8), yaml.Int{}.Or(8), m.Wait.Span().Start.String(),
	}
	want := []any{
		"today", "soup", 3, 0.5, true, 90 * time.Second, "a > 1", "one", "first", "third", "long", "b", "single",
		"big", 3, "tip", "a-b", "y", "${{ list }}", yaml.Null, 3, 8, "7:7",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got  %v\n want %v", got, want)
	}
}

// Each mistake is told once, at its place, with what to write; nothing follows
// from it.
func TestDecodeMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    `1:1 the file is empty (write title: text)`,
		"[a]":                                 `1:1 a menu is a mapping, this is a list (write title: text)`,
		"kind: soup":                          `1:1 a menu needs "title" (name it)`,
		"titel: a":                            `1:1 a menu has no "titel" (did you mean "title"? It also`,
		"headline: a\ntitle: b":               `1:1 a menu has no "headline" (write title: text)`,
		"title:":                              `1:1 "title" has no value (give it one, or remove the key)`,
		"title: [a]":                          `1:8 "title" is a text, this is a list (put a text that`,
		"title: a\nkind: stew":                `2:7 "stew" is no value of "kind" (it is one of soup, salad)`,
		"title: a\ncount: ten":                `2:8 "ten" is no int, write decimal digits only, as 1000 (it takes int from 1 to 9)`,
		"title: a\ncount: 10":                 `2:8 10 is too large (it takes int from 1 to 9)`,
		"title: a\ncount: ${{ b }}":           `2:8 "count" is fixed, it takes no ${{ }} (it takes int from 1 to 9)`,
		"title: a\nwarm: yes":                 `2:7 "yes" is no bool, write true or false ()`,
		"title: a\nwait: 5s":                  `2:1 "wait" belongs to warm (put it on a menu with warm, or remove it)`,
		"title: a\nwarm: true\nwait: 5":       `3:7 "5" is no duration, it has no unit (write a number with a unit`,
		"title: a\nif: ' '":                   `2:1 the expression of "if" is empty (write a condition, or remove the key)`,
		"title: a\nkind: salad\nsalt: little": `3:1 "salt" does not go with the kind salad (remove it; it goes with soup)`,
		"title: a\nkind: stew\nsalt: little":  `2:7 "stew" is no value of "kind" (it is one of soup, salad)`,
		"title: a\nsalt: much":                `2:7 "much" of "salt" belongs to warm or count (write little)`,
		"title: a\nnames: [a, {b: c}]":        `2:12 an item of "names" is a text, this is a mapping (put a text that`,
		"title: a\nnames: [a, ]\nnames: b":    `3:1 the key "names" stands twice (remove one of them)`,
		"title: a\nitems: []":                 `2:1 "items" is empty (write a main item, or remove the key)`,
		"title: a\nitems: word":               `2:8 "items" is a list of items, this is the text "word" (write items: ["word"])`,
		"title: a\nitems:\n  -":               `3:4 a main item is empty (write {id: name, cook: text}; or remove the item)`,
		"title: a\nitems: [{id: b, cook: c, note: d}]":                          `2:26 a main item has no "note" (remove it: it is the main one)`,
		"title: a\nitems: [{id: b, bake: c, part: {id: d, cook: e, never: f}}]": `2:49 an item in a main item has no "never" (remove it: it is the main one)`,
		"title: a\nitems: [{id: b}]":                                            `2:10 a main item is raw (give it one of cook, bake)`,
		"title: a\nitems: [{id: b, cook: c, bake: d}]":                          `2:26 a main item has one way, so "cook" excludes "bake" (keep one)`,
		"title: a\nitems: [{\"b ? c\": d}]":                                     `2:10 a main item has no "b ? c" (if this is an expression,`,
		"title: a\nextra: B c":                                                  `2:8 "B c" is no name for an item (write lower case letters, digits and _, beginning with a letter: "b_c")`,
		"title: a\nmain: b":                                                     `1:1 a menu needs "kind" ("main" asks for it: )`,
		"title: a\nprices: [a]":                                                 `2:9 "prices" is a mapping, this is a list (write name: {cent: 100} under it)`,
		"title: a\nprices: {big: }":                                             `2:10 a price needs "cent" (write cent: 100)`,
		"title: a\nprices: {big: 5}":                                            `2:15 a price is a mapping, this is the text "5" (write big: {cent: 100})`,
		"title: a\nprices: {big:5}":                                             `2:10 "big:5" is no key with a value (put a space behind the colon)`,
		"title: a\nvars: b":                                                     `2:7 "vars" is a mapping, this is the text "b" (write name: value)`,
		"title: a\nvars: {B c: d}":                                              `2:8 "B c" is no name for a variable (write lower case letters, digits and -, beginning with a letter: "b-c")`,
		"title: a\nraw: [b]":                                                    `2:6 "raw" is a mapping, this is a list (write {a: b})`,
		"title: a\neach: b":                                                     `2:7 "each" is a list, this is the text "b" ()`,
	} {
		_, list := decode(text)
		var got []string
		for _, d := range list {
			got = append(got, fmt.Sprintf("%s %s (%s)", d.Span.Start, d.Message, d.Hint))
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%q\n got  %s\n want %s", text, strings.Join(got, "\n      "), want)
		}
	}
}

// What the tags say wrongly is found when the program starts, not by its users.
func TestDeclarationPanics(t *testing.T) {
	for name, declare := range map[string]func(){
		"a field that no file has": func() {
			yaml.DeclarationOf[struct {
				A func() `yaml:"a"`
			}]()
		},
		"a bound that is none": func() {
			yaml.DeclarationOf[struct {
				A yaml.Int `yaml:"a" min:"b"`
			}]()
		},
		"a kind of node": func() {
			yaml.DeclarationOf[struct {
				A *yaml.Node `yaml:"a" type:"table"`
			}]()
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", name)
				}
			}()
			declare()
		}()
	}
}
