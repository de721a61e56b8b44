package redis

import (
	"fmt"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/redact"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// A password in an address is a secret of the run, wherever the address comes from:
// it is used, and never shown.
func TestAddresses(t *testing.T) {
	registry, err := action.NewRegistry([]*action.Action{Ping})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"127.0.0.1:1":                         "127.0.0.1:1 []  ",
		"redis://127.0.0.1":                   "127.0.0.1:6379 []  ",
		"rediss://h:1/3":                      "h:1 [db 3 tls]  ",
		"redis://ann:hunter2hunter2@[::1]:2/": "[::1]:2 [] ann hunter2hunter2",
		"redis://:hunter2hunter2@h":           "h:6379 []  hunter2hunter2",
		"redis://:hunter2hunter2@h:port":      "",
		"redis://:hunter2hunter2@h/x":         "",
		"redis://:hunter2hunter2@h?db=3":      "",
		"http://:hunter2hunter2@h":            "",
		":hunter2hunter2@h:6379":              "",
		"h":                                   "",
		"h:6379/0?password=hunter2hunter2":    "",
		"h:6379?password=hunter2hunter2":      "",
		"h hunter2hunter2:6379":               "",
		"h:{hunter2hunter2}":                  "",
		"h:hunter2hunter2":                    "",
		"redis://h:66379":                     "",
	} {
		t.Setenv("RUNBOOK_TEST_ADDRESS", address)
		for _, written := range []string{fmt.Sprintf("%q", address), "{secret: a}"} {
			text := "environments: {e: {targets: {redis: {address: " + written + "}}, secrets: {a: {env: RUNBOOK_TEST_ADDRESS, weak: true}}}}"
			e, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(text)}, "", registry)
			if err == nil && list.Errors() == 0 {
				err = e.Resolve(t.Context(), environment.Reach{})
			}
			if told := fmt.Sprint(list, err); strings.Contains(told, "hunter2") {
				t.Errorf("%s shows it: %s", address, told)
			}
			if want == "" {
				if err == nil && list.Errors() == 0 || list.Errors() > 0 && (list[0].Span.Start.Column != 47 || !list[0].NoExcerpt) {
					t.Errorf("%s as %s is taken, has no place, or its line is shown: %v", address, written, list)
				}
				continue
			}
			if err != nil || list.Errors() > 0 {
				t.Errorf("%s as %s: %v %v", address, written, err, list)
				continue
			}
			target, _ := e.Target("redis")
			password, _ := target.Config["password"].(schema.Secret)
			user, _ := target.Config["username"].(string)
			if got := fmt.Sprint(target.Address, " ", target.Notes, " ", user, " ", password.Reveal()); got != want {
				t.Errorf("%s as %s is %q, want %q", address, written, got, want)
			}
			if shown := fmt.Sprint(target) + string(redact.New(e.Secrets...).Bytes([]byte("a "+password.Reveal()))); strings.Contains(shown, "hunter2") {
				t.Errorf("%s as %s is shown: %s", address, written, shown)
			}
		}
	}
}
