package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"runbook/engine/schema"
)

type verdict string

type place struct {
	Host string `yaml:"host" doc:"Host."`
	Port int64  `yaml:"port" doc:"Port." default:"80" min:"1" max:"65535"`
}

type shared struct {
	Name string `yaml:"name" doc:"Name." pattern:"^[a-z]+$"`
}

type everything struct {
	shared
	On      bool                   `yaml:"on" default:"true"`
	Share   float64                `yaml:"share" default:"0.5"`
	Wait    time.Duration          `yaml:"wait" default:"60s" min:"1s"`
	Memory  schema.Size            `yaml:"memory" default:"1GiB" max:"4GiB"`
	Since   *time.Time             `yaml:"since"`
	Token   *schema.Secret         `yaml:"token"`
	Headers map[string]schema.Text `yaml:"headers,omitempty"`
	Env     map[string]string      `yaml:"env,omitempty" secret:"accept"`
	Modes   []string               `yaml:"modes" enum:"a,b" default:"[\"a\"]" max:"2"`
	Verdict verdict                `yaml:"verdict,omitempty"`
	Places  []place                `yaml:"places,omitempty"`
	Limit   *int                   `yaml:"limit"`
	Body    any                    `yaml:"body,omitempty"`
	hidden  int                    //nolint:unused // a field of its package is no parameter
}

func TestOf(t *testing.T) {
	typ := schema.Of(reflect.TypeFor[everything]())
	if got := strings.Join(typ.Names(), " "); got != "name on share wait memory since token headers env modes verdict places limit body" {
		t.Fatal(got)
	}
	for name, want := range map[string]string{
		"name": "string matching ^[a-z]+$", "wait": "duration from 1s, default 1m", "memory": "size up to 4GiB, default 1GiB",
		"modes": "list of one of a, b up to 2, default a list of 1", "limit": "int", "headers": "map of string",
	} {
		f, _ := typ.Field(name)
		if got := f.Takes(); got != want {
			t.Errorf("%s takes %s, want %s", name, got, want)
		}
		if f.Required != (name == "name") {
			t.Errorf("%s required: %v", name, f.Required)
		}
	}
	if schema.Of(reflect.TypeFor[everything]()) != typ {
		t.Error("the type is made again each time")
	}
}

func TestOfPanicsOnMistakes(t *testing.T) {
	type loop struct {
		Next []*struct {
			N chan int `yaml:"n"`
		} `yaml:"next"`
	}
	for want, of := range map[string]reflect.Type{
		"chan int":    reflect.TypeFor[loop](),
		"no yaml tag": reflect.TypeFor[struct{ A int }](),
		"tag default": reflect.TypeOf(struct {
			A time.Duration `yaml:"a" default:"60"`
		}{}),
		"below its minimum": reflect.TypeOf(struct {
			A int `yaml:"a" default:"0" min:"1"`
		}{}),
		"tag enum": reflect.TypeOf(struct {
			A int `yaml:"a" enum:"1,2"`
		}{}),
		"tag pattern": reflect.TypeOf(struct {
			A string `yaml:"a" pattern:"("`
		}{}),
		"keys of a map": reflect.TypeFor[map[int]string](),
		"only value": reflect.TypeOf(struct {
			A string `yaml:"a" secret:"yes"`
		}{}),
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				message, _ := recover().(string)
				if !strings.Contains(message, want) && !(want == "below its minimum" && strings.Contains(message, "too small")) {
					t.Errorf("panic %q", message)
				}
			}()
			schema.Of(of)
		})
	}
}

func TestDecodeEverything(t *testing.T) {
	since := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	var got everything
	err := schema.Decode(map[string]any{
		"name": "app", "share": 1, "since": "2026-11-24", "token": schema.NewSecret("token", "hush"),
		"headers": map[string]any{"a": "b", "c": schema.NewSecret("key", "quiet")},
		"env":     map[string]any{"K": schema.NewSecret("key", "quiet")},
		"modes":   []any{"b"}, "verdict": "met", "places": []any{map[string]any{"host": "h"}}, "limit": 5.0,
		"body": map[string]any{"x": []any{1, 2.5}},
	}, &got)
	if err != nil {
		t.Fatal(err)
	}
	five := 5
	token := schema.NewSecret("token", "hush")
	want := everything{
		shared: shared{Name: "app"}, On: true, Share: 1, Wait: time.Minute, Memory: 1 << 30, Since: &since, Token: &token,
		Headers: map[string]schema.Text{"a": schema.NewText("b"), "c": schema.SecretText(schema.NewSecret("key", "quiet"))},
		Env:     map[string]string{"K": "quiet"}, Modes: []string{"b"}, Verdict: "met", Places: []place{{Host: "h", Port: 80}},
		Limit: &five, Body: map[string]any{"x": []any{1, 2.5}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestDecodeGathersFaults(t *testing.T) {
	var dst everything
	err := schema.Decode(map[string]any{
		"name": "App", "wait": "1ms", "memory": 5 << 30, "modes": []any{"a", "c"}, "token": "plain",
		"verdict": schema.NewSecret("key", "quiet"), "places": []any{map[string]any{"host": "h", "port": 0}, map[string]any{"prot": 1}},
	}, &dst)
	want := `name: "App" does not match ^[a-z]+$; takes string matching ^[a-z]+$
wait: 1ms is too small; takes duration from 1s, default 1m
memory: 5GiB is too large; takes size up to 4GiB, default 1GiB
token: "plain" is no secret; takes secret
modes[1]: "c" is none of its values, did you mean a; takes one of a, b
verdict: (secret key) may not go here, it could be shown; takes string, no secret
places[0].port: 0 is too small; takes int from 1 to 65535, default 80
places[1].host: it is missing; takes string
places[1].prot: there is no such name, did you mean port; takes host, port`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if !reflect.DeepEqual(dst, everything{}) {
		t.Error("a value that does not fit was stored in part")
	}
}

func TestEncodeIsTheReverseOfDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int().Draw(t, "limit")
		in := everything{
			shared: shared{Name: rapid.StringMatching("[a-z]+").Draw(t, "name")}, Share: rapid.Float64().Draw(t, "share"),
			Wait: time.Duration(rapid.Int64Min(int64(time.Second)).Draw(t, "wait")), Modes: []string{"b", "a"},
			Memory: schema.Size(rapid.Int64Range(-5, 4<<30).Draw(t, "memory")), Limit: &n,
			Headers: map[string]schema.Text{"h": schema.NewText(rapid.String().Draw(t, "h"))}, Env: map[string]string{},
			Verdict: verdict(rapid.String().Draw(t, "verdict")), Body: rapid.Int().Draw(t, "body"),
			Places: []place{{Host: rapid.String().Draw(t, "host"), Port: rapid.Int64Range(1, 65535).Draw(t, "port")}},
		}
		encoded := schema.Encode(in)
		data, err := schema.MarshalValue(schema.Of(reflect.TypeFor[everything]()), encoded)
		if err != nil {
			t.Fatal(err)
		}
		back, err := schema.UnmarshalValue(schema.Of(reflect.TypeFor[everything]()), data)
		if err != nil {
			t.Fatal(err)
		}
		var out everything
		if err := schema.Decode(back, &out); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("%+v became %+v", in, out)
		}
	})
}

func TestEncodePlainGo(t *testing.T) {
	got := schema.Encode(map[string]any{"a": []string{"x"}, "b": int64(5), "c": json.Number("1.5"), "d": []place(nil), "e": (*place)(nil)})
	want := map[string]any{"a": []any{"x"}, "b": 5, "c": 1.5, "d": []any{}, "e": nil}
	if !schema.Same(got, want) {
		t.Errorf("%#v", got)
	}
}

func TestUnknownPassesAndIsLeftOut(t *testing.T) {
	unknown := schema.Unknown{After: "look"}
	var dst place
	fitted, err := schema.DecodeFitted(map[string]any{"host": "h", "port": unknown}, &dst)
	if err != nil || dst != (place{Host: "h"}) || !schema.HasUnknown(fitted) {
		t.Error(fitted, dst, err)
	}
}

func TestAcceptsAgreesWithConvert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, v := anyType(2).Draw(t, "from"), anyValue(2).Draw(t, "value")
		value, err := schema.Convert(from, v)
		if err != nil {
			return
		}
		to := anyType(2).Draw(t, "to")
		if _, err := schema.Convert(to, value); err == nil && !schema.HasUnknown(value) && !schema.Accepts(to, from) && !vacuous(value) {
			t.Fatalf("%#v of %s fits %s, and Accepts says no", value, from, to)
		}
	})
}

// vacuous reports whether a value is or holds an empty collection, which fits
// where its type does not.
func vacuous(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		for i := range v {
			if vacuous(v[i]) {
				return true
			}
		}
		return len(v) == 0
	case map[string]any:
		for k := range v {
			if vacuous(v[k]) {
				return true
			}
		}
		return len(v) == 0
	}
	return false
}

func TestApplyDefaults(t *testing.T) {
	got := schema.ApplyDefaults(schema.Of(reflect.TypeFor[place]()), map[string]any{"host": "h", "port": nil})
	if !schema.Same(got, map[string]any{"host": "h", "port": 80}) {
		t.Error(got)
	}
}
