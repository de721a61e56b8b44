package environment_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/redact"
	"runbook/engine/schema"
)

// deep has secrets at every depth, whole and inside texts.
const deep = `environments:
  e:
    targets:
      store: {address: "10.0.0.1:1", password: {secret: word}}
      web: {base_url: "http://x", headers: {Authorization: "Bearer ${{ secrets.word }}", X-Two: "${{secrets.word}}/${{ secrets.other }}"}}
    vars: {plain: a, hook: "https://hook/${{ secrets.other }}", tree: {list: [1, {key: {secret: word}}]}}
    secrets: {word: {env: RUNBOOK_TEST_WORD}, other: {env: RUNBOOK_TEST_OTHER}}
`

// revealed writes a value with the texts of its secrets.
func revealed(v any) string {
	switch x := v.(type) {
	case schema.Secret:
		return "!" + x.Reveal()
	case map[string]any:
		var out []string
		for _, key := range []string{"address", "Authorization", "X-Two", "base_url", "headers", "hook", "key", "list", "password", "plain", "tree"} {
			if item, ok := x[key]; ok && item != nil {
				out = append(out, key+"="+revealed(item))
			}
		}
		return strings.Join(out, " ")
	case []any:
		return fmt.Sprintf("%d:%s,%s", len(x), revealed(x[0]), revealed(x[len(x)-1]))
	}
	return fmt.Sprint(v)
}

// Secrets reach their places at every depth, and none of their texts is shown.
func TestSecretsAtEveryDepth(t *testing.T) {
	t.Setenv("RUNBOOK_TEST_WORD", "open sesame")
	t.Setenv("RUNBOOK_TEST_OTHER", "hunter2hunter2")
	e := parse(t, deep, "")
	if err := e.Resolve(t.Context(), environment.Reach{}); err != nil {
		t.Fatal(err)
	}
	web, _ := e.Target("web")
	if got, want := revealed(web.Config), "base_url=http://x headers=Authorization=!Bearer open sesame X-Two=!open sesame/hunter2hunter2"; got != want {
		t.Errorf("web: %s", got)
	}
	if got, want := revealed(e.Vars), "hook=!https://hook/hunter2hunter2 plain=a tree=list=2:1,key=!open sesame"; got != want {
		t.Errorf("vars: %s", got)
	}
	r := redact.New(e.Secrets...)
	shown := fmt.Sprint(web, e.Vars) + string(r.Bytes([]byte(revealed(web.Config)+revealed(e.Vars))))
	if strings.Contains(shown, "sesame") || strings.Contains(shown, "hunter2") {
		t.Errorf("shown: %s", shown)
	}
	if got, want := fmt.Sprint(web.Config["headers"]), "map[Authorization:(secret word) X-Two:(secret word+other)]"; got != want {
		t.Errorf("named %s, want %s", got, want)
	}
	if f, _ := e.VarTypes.Field("tree"); f.Type.Kind != schema.Object {
		t.Errorf("a tree with a secret in it has type %s", f.Type)
	}
}

// Only what the run can reach is read, and what cannot be read is an error that
// names the secret and its place.
func TestSecretsThatAreReached(t *testing.T) {
	os.Unsetenv("RUNBOOK_TEST_WORD")
	t.Setenv("RUNBOOK_TEST_OTHER", "hunter2hunter2")
	none := func(action.Target) bool { return false }
	e := parse(t, deep, "")
	if err := e.Resolve(t.Context(), environment.Reach{Target: none, Var: func(name string) bool { return name == "hook" }}); err != nil || len(e.Secrets) != 1 {
		t.Errorf("%v, read: %v", err, e.Secrets)
	}
	if _, ok := e.Target("store"); ok {
		t.Error("a target without its secret may be used")
	}
	for name, reach := range map[string]environment.Reach{
		"by a header":   {Target: func(t action.Target) bool { return t.Name == "web" }, Var: func(string) bool { return false }},
		"by a variable": {Target: none, Var: func(name string) bool { return name == "tree" }},
	} {
		err := parse(t, deep, "").Resolve(t.Context(), reach)
		if err == nil || err.Error() != "secret word, runbook.yaml:7:15: $RUNBOOK_TEST_WORD is not set" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is read must be kept out of what is shown: it is not empty, and long enough
// unless the file says that it is weak.
func TestShortSecrets(t *testing.T) {
	for _, c := range []struct{ text, weak, wrong string }{
		{"sevenby", "", "secret word, runbook.yaml:7:15: it is shorter than 8 bytes"},
		{"eightbyt", "", ""},
		{"sevenby", ", weak: true", ""},
		{"\n", "", "secret word, runbook.yaml:7:15: it is empty"},
		{"", ", weak: true", "secret word, runbook.yaml:7:15: it is empty"},
	} {
		t.Setenv("RUNBOOK_TEST_WORD", c.text)
		t.Setenv("RUNBOOK_TEST_OTHER", "hunter2hunter2")
		e := parse(t, strings.Replace(deep, "RUNBOOK_TEST_WORD", "RUNBOOK_TEST_WORD"+c.weak, 1), "")
		err := e.Resolve(t.Context(), environment.Reach{})
		switch {
		case c.wrong == "" && (err != nil || (len(e.Weak) == 1) != (c.weak != "")):
			t.Errorf("%q%s: %v, weak %v", c.text, c.weak, err, e.Weak)
		case c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong) || c.text == "sevenby" && strings.Contains(err.Error(), c.text)):
			t.Errorf("%q%s: %v", c.text, c.weak, err)
		}
	}
}

// In a dry run the command of a secret is only started if it is called a read; what
// needs another is unknown.
func TestCommandsInADryRun(t *testing.T) {
	t.Setenv("RUNBOOK_TEST_OTHER", "hunter2hunter2")
	for _, reads := range []bool{false, true} {
		made := filepath.ToSlash(filepath.Join(t.TempDir(), "made"))
		source := fmt.Sprintf(`{command: [sh, -c, "touch %s; echo open sesame"], read: %v}`, made, reads)
		e := parse(t, strings.Replace(deep, "{env: RUNBOOK_TEST_WORD}", source, 1), "")
		if err := e.Resolve(t.Context(), environment.Reach{DryRun: true}); err != nil {
			t.Fatal(err)
		}
		_, missing := os.Stat(made)
		why, pending := e.Pending("web")
		_, unknown := e.Vars["tree"].(schema.Unknown)
		if (missing == nil) != reads || pending == reads || unknown == reads || revealed(e.Vars["hook"]) != "!https://hook/hunter2hunter2" {
			t.Errorf("reads %v: started %v, pending %v, vars %v", reads, missing == nil, pending, e.Vars)
		}
		if !reads && why.String() != "unknown, the secret word comes from a command, which a dry run does not start" {
			t.Error(why)
		}
	}
}

// A command that writes without an end is ended, at the place of its secret.
func TestWhatACommandWritesIsBounded(t *testing.T) {
	t.Setenv("RUNBOOK_TEST_OTHER", "hunter2hunter2")
	for script, wrong := range map[string]string{
		`head -c 65536 /dev/zero | tr '\0' a`: "",
		"exec yes":                            "secret word, runbook.yaml:7:15: sh was ended, as it writes more than 64.0 KiB, which is no secret",
	} {
		e := parse(t, strings.Replace(deep, "{env: RUNBOOK_TEST_WORD}", fmt.Sprintf("{command: [sh, -c, %q]}", script), 1), "")
		began := time.Now()
		err := e.Resolve(t.Context(), environment.Reach{})
		if took := time.Since(began); took > 10*time.Second || (err == nil) != (wrong == "") || err != nil && err.Error() != wrong {
			t.Errorf("%s: %v after %s", script, err, took)
		}
	}
}
