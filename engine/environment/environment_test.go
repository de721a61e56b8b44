package environment_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/diag/excerpt"
	"runbook/engine/environment"
	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// textType is that of a text that may be a secret.
var textType = &schema.Type{Kind: schema.String, AcceptsSecret: true}

// registry has actions of two kinds of targets as families declare them.
func registry() *action.Registry {
	store := schema.ObjectOf(
		schema.Field{Name: "address", Type: schema.StringType, Required: true},
		schema.Field{Name: "password", Type: schema.SecretType.AsOptional()},
	)
	address := func(c map[string]any) (string, []string) { a, _ := c["address"].(string); return a, nil }
	stores := &action.TargetKind{Name: "store", Config: store, Former: map[string]string{"addr": "address"}, Local: map[string]any{"address": "127.0.0.1:1"}, Address: address}
	webs := &action.TargetKind{Name: "web", Requests: true, Config: schema.ObjectOf(schema.Field{Name: "base_url", Type: schema.StringType, Required: true}, schema.Field{Name: "headers", Type: schema.MapOf(textType)})}
	act := func(name string, kind *action.TargetKind) *action.Action {
		return &action.Action{Name: name, Family: kind.Name, Target: kind}
	}
	r, err := action.NewRegistry([]*action.Action{act("store.get", stores), act("store.set", stores), act("store.drop", stores), act("web.request", webs)})
	if err != nil {
		panic(err)
	}
	return r
}

const whole = `default: staging
roles: {dba: [alice, bob]}
environments:
  staging:
    targets:
      store: {address: "10.0.0.1:1", password: {secret: word}}
      replica: {kind: store, address: "10.0.0.2:1"}
      web: {base_url: "http://x", reads: ["POST /api/GraphQL", "POST /api/search", {rpc: aria2.getVersion, path: /jsonrpc}, {graphql: query, path: /q}], writes: "DELETE /api/cache/*"}
    protected: true
    vars: {app: mltb-app, limit: 3, hook: {secret: word}}
    secrets: {word: {env: RUNBOOK_TEST_WORD}}
    policy: {allow: [read], approve: [write], deny: [store.drop], yes: [write]}
  production:
    targets: {}
`

func parse(t *testing.T, text, name string) *environment.Environment {
	t.Helper()
	e, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(text)}, name, registry())
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	return e
}

func TestParse(t *testing.T) {
	e := parse(t, whole, "")
	if e.Name != "staging" || !e.Protected || e.Roles["dba"][1] != "bob" || e.Vars["limit"] != 3 {
		t.Errorf("%+v", e)
	}
	replica, ok := e.Target("replica")
	if !ok || replica.Kind != "store" || replica.Address != "10.0.0.2:1" {
		t.Errorf("replica: %+v", replica)
	}
	web, _ := e.Target("web")
	want := []action.RequestRule{
		{GraphQL: true, Path: "/api/GraphQL"}, {Method: "POST", Path: "/api/search"}, {RPC: "aria2.getVersion", Path: "/jsonrpc"}, {GraphQL: true, Path: "/q"},
	}
	if !slices.Equal(web.Reads, want) || !slices.Equal(web.Writes, []action.RequestRule{{Method: "DELETE", Path: "/api/cache/*"}}) {
		t.Errorf("reads %+v, writes %+v", web.Reads, web.Writes)
	}
	if f, _ := e.VarTypes.Field("hook"); f.Type.Kind != schema.SecretKind {
		t.Errorf("a secret variable has type %s", f.Type)
	}
}

func TestResolveReadsSecretsOnce(t *testing.T) {
	t.Setenv("RUNBOOK_TEST_WORD", "open sesame\n")
	e := parse(t, whole, "staging")
	if err := e.Resolve(t.Context(), environment.Reach{}); err != nil {
		t.Fatal(err)
	}
	store, _ := e.Target("store")
	if got := store.Config["password"].(schema.Secret); got.Reveal() != "open sesame" || len(e.Secrets) != 1 {
		t.Errorf("password %v, secrets %v", got, e.Secrets)
	}
}

// The command of a secret is a program like any other: what keeps a run to a place
// refuses it.
func TestResolveStaysInThePlace(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	text := strings.Replace(whole, "{env: RUNBOOK_TEST_WORD}", `{command: [sh, -c, "touch `+filepath.ToSlash(made)+`; echo open sesame"]}`, 1)
	e := parse(t, text, "staging")
	e.Confine = &action.Confine{Because: "it stays"}
	err := e.Resolve(t.Context(), environment.Reach{})
	if _, missing := os.Stat(made); !errors.Is(err, action.ErrConfined) || missing == nil {
		t.Errorf("%v; made: %v", err, missing == nil)
	}
	e.Confine = nil
	if err := e.Resolve(t.Context(), environment.Reach{}); err != nil {
		t.Error(err)
	}
}

func TestResolveNamesTheMissingSource(t *testing.T) {
	os.Unsetenv("RUNBOOK_TEST_WORD")
	err := parse(t, whole, "").Resolve(t.Context(), environment.Reach{})
	if err == nil || !strings.Contains(err.Error(), "secret word, runbook.yaml:11:15: $RUNBOOK_TEST_WORD is not set") {
		t.Error(err)
	}
}

func TestUnknownEnvironmentNeverFallsBack(t *testing.T) {
	_, _, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(whole)}, "prod", registry())
	var missing *environment.ErrNotFound
	if !errors.As(err, &missing) || missing.Default != "staging" || len(missing.Has) != 2 {
		t.Errorf("%v", err)
	}
}

var update = flag.Bool("update", false, "write the golden files")

// What is said of each file in testdata/err is in the golden file beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("too few files: %v %v", files, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: text}, "", registry())
			if err != nil || list.Errors() == 0 {
				t.Fatalf("no mistake is found: %v %v", list, err)
			}
			var b strings.Builder
			if err := excerpt.Print(&b, list, func(string) []byte { return text }, page.Look{Width: 92, Unicode: true}); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(name, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("differs (-update writes it):\n%s", b.String())
			}
		})
	}
}

// A scalar stands for a list of one entry.
func TestAScalarIsOneEntry(t *testing.T) {
	text, err := os.ReadFile("testdata/ok/whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := parse(t, string(text), "")
	if len(e.Policy.Deny) != 1 || e.Policy.Deny[0].Name != "store.drop" || len(e.Policy.Allow) != 1 || len(e.Policy.Approve) != 2 || len(e.Roles["lead"]) != 1 {
		t.Errorf("%+v %v", e.Policy, e.Roles)
	}
	if d := e.Policy.Decide("store.drop", action.Read, false, false); d.Answer != environment.Denied {
		t.Error("what is denied is allowed")
	}
}

func TestWithoutAFileItIsLocal(t *testing.T) {
	e, _, err := environment.Load("", "", registry())
	if err != nil || e.Name != "local" || len(e.Targets) != 1 {
		t.Fatalf("%+v %v", e, err)
	}
	for _, path := range []string{"", filepath.Join(t.TempDir(), "runbook.yaml")} {
		if _, _, err := environment.Load(path, "production", registry()); err == nil {
			t.Error("an environment was made up")
		}
	}
}

// The nearest file upwards is taken, a named one before it, and none of a stranger.
func TestFileIsFound(t *testing.T) {
	t.Setenv(environment.Variable, "")
	top := t.TempDir()
	deep := filepath.Join(top, "a", "b")
	write := func(path string) {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	find := func(given, want, wrong string) {
		t.Helper()
		got, err := environment.Find(given)
		if got != want || (err != nil) != (wrong != "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q, %v; want %q, %q", got, err, want, wrong)
		}
	}
	find("", "", "")
	write(filepath.Join(top, "runbook.yaml"))
	find("", "../../runbook.yaml", "")
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(top, "runbook.yaml"), 4711, 4711); err != nil {
			t.Fatal(err)
		}
		find("", "", "../../runbook.yaml belongs to another user")
		find("../../runbook.yaml", "../../runbook.yaml", "")
	}
	write("runbook.yaml")
	find("", "runbook.yaml", "")
	find("none.yaml", "", "cannot read none.yaml")
	t.Setenv(environment.Variable, "../../runbook.yaml")
	find("", "../../runbook.yaml", "")
	find("runbook.yaml", "runbook.yaml", "")
}

// The nearest file is that of the folder, or of one above that the path names.
func TestNearIsBesideAFileOrAbove(t *testing.T) {
	top := t.TempDir()
	if err := os.MkdirAll(filepath.Join(top, "ops", "deep", "runbook.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", "ops"} {
		if err := os.WriteFile(filepath.Join(top, dir, "runbook.yaml"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(top, "ops"))
	for path, want := range map[string]string{
		"x.yaml": "runbook.yaml", "deep/x.yaml": "runbook.yaml", "gone/x.yaml": "runbook.yaml", "../x.yaml": "../runbook.yaml",
		"../../x.yaml": "", filepath.Join(top, "ops", "deep", "x.yaml"): filepath.Join(top, "ops", "runbook.yaml"),
	} {
		if got := environment.Near(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestPolicyDecides(t *testing.T) {
	usual := parse(t, whole, "").Policy
	rules := func(names ...string) (out []environment.Rule) {
		for _, name := range names {
			out = append(out, environment.Rule{Name: name})
		}
		return out
	}
	family := environment.Policy{Deny: rules("store.*"), Allow: rules("web.*"), Yes: rules("web.*")}
	strict := environment.Policy{Deny: rules("write"), Approve: rules("read", "store.set"), Allow: rules("read", "write", "destructive")}
	both := environment.Policy{Deny: rules("store.set"), Approve: rules("store.*", "write"), Allow: rules("write")}
	for _, c := range []struct {
		policy     environment.Policy
		name       string
		effect     action.Effect
		asks       bool
		want       environment.Answer
		yes        bool
		personally bool
	}{
		{usual, "store.get", action.Read, false, environment.Allowed, false, false},
		{usual, "store.set", action.Write, false, environment.Asked, true, false},
		{usual, "store.set", action.Write, true, environment.Asked, false, true},
		{usual, "store.get", action.Read, true, environment.Asked, false, false},
		{usual, "store.drop", action.Read, false, environment.Denied, false, false},
		{usual, "store.wipe", action.Destructive, false, environment.Asked, false, false},
		{family, "store.get", action.Read, false, environment.Denied, false, false},
		{family, "storefront.get", action.Read, false, environment.Asked, false, false},
		{family, "web.request", action.Write, false, environment.Allowed, false, false},
		{strict, "web.request", action.Destructive, false, environment.Denied, false, false},
		{strict, "web.request", action.Read, false, environment.Asked, false, false},
		{both, "store.set", action.Write, false, environment.Denied, false, false},
		{both, "store.set", action.Write, true, environment.Denied, false, false},
		{both, "store.get", action.Write, false, environment.Asked, false, false},
	} {
		d := c.policy.Decide(c.name, c.effect, c.asks, c.personally)
		if d.Answer != c.want || c.want == environment.Asked && d.YesOK != c.yes {
			t.Errorf("%s %s: answer %d, --yes %v; want %d, %v", c.name, c.effect, d.Answer, d.YesOK, c.want, c.yes)
		}
	}
}

// TestNoPolicyFailsOpen holds that a policy which means "not without asking", however it
// is written, is refused when it is read, or denies, or asks: none allows the change.
func TestNoPolicyFailsOpen(t *testing.T) {
	for _, written := range []string{
		"policy: {deny: web.request}", "policy: {deny: write}", "policy: {deny: [web.reqest]}", "policy: {deny: [web.*]}", "policy: {deny: }",
		"policy: {approve: write}", "policy: [deny]", "policy: deny", "policy: ", "policy: {deny: [[web.request]]}", "policy: {deny: {web.request: true}}",
		"policy: {deny: &a [web.request]}", "policy: {allow: [read], approve: &a [write], deny: *a}", "policy: {<<: {deny: [write]}}",
		"policy: {deny: [Web.request]}", "policy: {deny: [Write]}", `policy: {deny: ["*"]}`, `policy: {deny: ["web.req*"]}`, `policy: {deny: ["web.request "]}`,
		"policy: {deny: [null]}", `policy: {deny: [""]}`, `policy: {deny: "web.request, write"}`, "policy: {denny: [write]}", "policy: {Deny: [write]}",
		"policy: {deny: [write], deny: []}", "polcy: {deny: [write]}", "policy: {approve: yes}", "policy: {approve: true}", "policy: {allow: [read]}",
		"policy: {allow: []}", "policy: {allow: none}", `policy: {deny: ["${{ vars.x }}"]}`, "policy: {allow: [destructive]}", "policy: {deny: [read]}",
		"policy: {deny: [wbe.*]}", "policy: {deny: [web.]}", "policy: {deny: [web]}", "policy: {deny: !!str write}", "policy: {deny: [!x write]}",
		"policy:\n      deny: |\n        web.request\n",
		"protected: yes", "protected: True", "protected: on", "protected: 1", "protected: ", "protected: [true]", `protected: "yes"`, "protcted: true",
	} {
		text := "environments:\n  e:\n    targets: {web: {base_url: \"http://x\"}}\n    " + written + "\n"
		e, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(text)}, "", registry())
		if err != nil {
			t.Fatal(err)
		}
		if list.Errors() > 0 {
			continue
		}
		if d := e.Policy.Decide("web.request", action.Write, false, false); d.Answer == environment.Allowed && !e.Protected {
			t.Errorf("%q allows a change", written)
		}
	}
}
