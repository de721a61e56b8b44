package event

import (
	"encoding/json"
	"testing"
)

func TestPath(t *testing.T) {
	for _, c := range []struct {
		path, parent, plain, loop Path
		last                      string
	}{
		{"", "", "", "", ""},
		{"recover", "", "recover", "recover", "recover"},
		{"steps/3", "", "steps/3", "steps/3", "3"},
		{"steps/3/1", "steps/3", "steps/3/1", "steps/3/1", "1"},
		{"finally/1", "", "finally/1", "finally/1", "1"},
		{"recover/2", "recover", "recover/2", "recover/2", "2"},
		{"each[3]", "each", "each", "each", "each[3]"},
		{"steps/2[10]", "steps/2", "steps/2", "steps/2", "2[10]"},
		{"each[3]/drain", "each[3]", "each/drain", "each[3]/drain", "drain"},
		{"each[3]/undo", "each[3]", "each/undo", "each[3]/undo", "undo"},
		{"each[0]/inner[12]", "each[0]/inner", "each/inner", "each[0]/inner", "inner[12]"},
		{"each[0]/inner[12]/1/2", "each[0]/inner[12]/1", "each/inner/1/2", "each[0]/inner[12]/1/2", "2"},
		{"check/steps/1", "check", "check/steps/1", "check/steps/1", "1"},
		{"each[1]/check/finally/2", "each[1]/check", "each/check/finally/2", "each[1]/check/finally/2", "2"},
		{"check/redis", "check", "check/redis", "check/redis", "redis"},
	} {
		if got := [4]string{string(c.path.Parent()), string(c.path.Plain()), string(c.path.Loop()), c.path.Last()}; got != [4]string{string(c.parent), string(c.plain), string(c.loop), c.last} {
			t.Errorf("%q: parent, plain, loop, last are %q", c.path, got)
		}
	}
}

func TestPathIsMadeOfItsParts(t *testing.T) {
	for _, c := range []struct{ got, want Path }{
		{Path("").Part("steps/1"), "steps/1"},
		{Path("recover").Number(2), "recover/2"},
		{Path("each").Item(0).Part("drain"), "each[0]/drain"},
		{Path("each").Item(3).Part("inner").Item(12).Part("1/2"), "each[3]/inner[12]/1/2"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	item, local, ok := Path("each[0]/inner[12]/1/2").InItem()
	if item != "each[0]/inner[12]" || local != "1/2" || !ok {
		t.Errorf("it is in %q as %q, %v", item, local, ok)
	}
	if _, _, ok := Path("each[0]").InItem(); ok {
		t.Error("an item of the outermost loop is in no item")
	}
}

func TestPathWithin(t *testing.T) {
	for _, c := range []struct {
		path, around Path
		want         bool
	}{
		{"recover/2", "", true}, {"recover", "recover", true}, {"recover/2", "recover", true}, {"recover[0]/2", "recover", true},
		{"each[1]/x", "each[1]", true}, {"recovery", "recover", false}, {"each[10]", "each[1]", false}, {"recover", "recover/2", false},
	} {
		if got := c.path.Within(c.around); got != c.want {
			t.Errorf("%q within %q: %v", c.path, c.around, got)
		}
	}
}

// The journal keeps addresses as the text that people read.
func TestPathInJSON(t *testing.T) {
	raw, err := json.Marshal(Event{Type: TypeIntent, Path: Path("each").Item(3).Part("drain")})
	if err != nil || string(raw) != `{"time":"0001-01-01T00:00:00Z","type":"intent","path":"each[3]/drain"}` {
		t.Errorf("%s, %v", raw, err)
	}
}
