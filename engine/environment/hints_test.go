package environment_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/yaml"
)

// names are those of a file in a hint, or all that a key takes.
var names = regexp.MustCompile("\"[^\"]*\"|`[^`]*`|(it takes|(?i:it is one of)|It also takes|It takes):? .*")

// kindOf is a hint without the names of the file that it is given for.
func kindOf(hint string) string { return names.ReplaceAllString(hint, "$1…") }

// tried are the hints, each with a mistake in an environment, or in the file if it begins
// with =, for which it is given, and with what it says to write.
var tried = map[string]struct{ mistake, mended string }{
	"put some of its environments into another file, and name it where they are meant: --config FILE": {"=# " + strings.Repeat("a", 1<<20), "targets: {}"},
	"write targets: and under it name: {kind: shell, host: ssh://user@host}":                          {"hosts: [a]", "targets: {name: {kind: store, address: x}}"},
	"write vars: {name: value}; what a program is given stands under … of its target":                 {"env: {A: b}", "vars: {name: value}"},
	"write it into the target: host: ssh://user@host":                                                 {"become: true", "targets: {store: {address: ssh://user@host}}"},
	"remove it: the key under which it stands is its name":                                            {"name: e", "targets: {}"},
	"write policy: {allow: [read, write], approve: [destructive]}":                                    {"rules: []", "policy: {allow: [read, write], approve: [destructive]}"},
	"remove it: what is done stands in the steps of a playbook":                                       {"ignore_errors: true", "targets: {}"},
	"it has … and under it name: {targets: {...}}":                                                    {"=", "=environments: {name: {targets: {}}}"},
	"did you mean …?":                {"targets: {store: {address: x, password: {secret: wrod}}}, secrets: {word: {env: A}}", "targets: {store: {address: x, password: {secret: word}}}, secrets: {word: {env: A}}"},
	"did you mean …? It also takes…": {"target: {}", "targets: {}"},
	"did you mean …? It takes…":      {"targets: {store: {adress: x}}", "targets: {store: {address: x}}"},
	"keep one of them":               {"targets: {store: {address: x}}, groups: {a: [store, store]}", "targets: {store: {address: x}}, groups: {a: [store]}"},
	"give the group another name, so that --limit can tell them apart":                                          {"targets: {store: {address: x}}, groups: {store: [store]}", "targets: {store: {address: x}}, groups: {stores: [store]}"},
	"write lower case letters, digits and _, beginning with a letter: …":                                        {"targets: {store: {address: x}}, groups: {Web-1: [store]}", "targets: {store: {address: x}}, groups: {web_1: [store]}"},
	"write environments: and under it name: {targets: {...}}":                                                   {"=default: x", "=environments: {name: {targets: {}}}\ndefault: name"},
	"write {secret: NAME} here, and NAME: {env: VARIABLE}, {file: PATH} or {command: [PROGRAM]} under secrets:": {"targets: {store: {address: x, password: a}}", "targets: {store: {address: x, password: {secret: NAME}}}, secrets: {NAME: {env: VARIABLE}}"},
	"only secrets are: …": {"targets: {web: {base_url: 'http://x', headers: {A: '${{ env.A }}'}}}", "targets: {web: {base_url: 'http://x', headers: {A: 'Bearer ${{ secrets.NAME }}'}}}, secrets: {NAME: {env: A}}"},
	"write … in the text, and NAME: {env: VARIABLE}, {file: PATH} or {command: [PROGRAM]} under secrets:": {"targets: {web: {base_url: 'http://x', headers: {A: $A}}}", "targets: {web: {base_url: 'http://x', headers: {A: '${{ secrets.NAME }}'}}}, secrets: {NAME: {file: PATH}}"},
	"it takes…": {"targets: {next: {kind: web, base_url: 'http://u:${{ secrets.a }}@x'}}, secrets: {a: {env: A}}", "targets: {next: {kind: web, base_url: 'http://x'}}"},
	"write it as [a, b], or each item with a dash":                                {"=environments: {e: {targets: {}}}\nroles: {dba: {alice: true}}", "=environments: {e: {targets: {}}}\nroles: {dba: [a, b]}"},
	"give it one, or remove the key":                                              {"targets: ", "targets: {}"},
	"put a text that begins with { or [ in quotes":                                {"=environments: {e: {targets: {}}}\nroles: {dba: [[a]]}", "=environments: {e: {targets: {}}}\nroles: {dba: ['[a]']}"},
	"write name: value under it":                                                  {"vars: [a]", "vars: {name: value}"},
	"give it one of env, file, command":                                           {"secrets: {a: {}}", "secrets: {a: {file: b}}"},
	"write text: {env: VARIABLE}, {file: PATH} or {command: [program, argument]}": {"secrets: {text: A}", "secrets: {text: {command: [program, argument]}}"},
	"write an item, or remove the key":                                            {"secrets: {a: {command: []}}", "secrets: {a: {command: [b]}}"},
	"write store: {address: ...}, as its kind asks for it":                        {"targets: {store: 'redis://x'}", "targets: {store: {address: x}}"},
	"write POST /api/search, {rpc: name, path: /jsonrpc} or {graphql: query, path: /graphql}; of a program [program, argument]": {"targets: {web: {base_url: 'http://x', reads: [GET]}}", "targets: {web: {base_url: 'http://x', reads: [POST /api/search, {rpc: name, path: /jsonrpc}, {graphql: query, path: /graphql}]}}"},
	"give it one of rpc, graphql, argv":        {"targets: {web: {base_url: 'http://x', reads: [{}]}}", "targets: {web: {base_url: 'http://x', reads: [{rpc: a, path: /b}]}}"},
	"… asks for it: say where: path: /jsonrpc": {"targets: {web: {base_url: 'http://x', reads: [{rpc: a}]}}", "targets: {web: {base_url: 'http://x', reads: [{rpc: a, path: /jsonrpc}]}}"},
	"make two reads of it":                     {"targets: {web: {base_url: 'http://x', reads: [{rpc: a, graphql: query, path: /}]}}", "targets: {web: {base_url: 'http://x', reads: [{rpc: a, path: /}, {graphql: query, path: /}]}}"},
	"it is one of…":                            {"targets: {web: {base_url: 'http://x', reads: [{graphql: mutation, path: /}]}}", "targets: {web: {base_url: 'http://x', reads: [{graphql: query, path: /}]}}"},
	"say where: path: /jsonrpc":                {"targets: {web: {base_url: 'http://x', reads: [{rpc: a, path: b}]}}", "targets: {web: {base_url: 'http://x', reads: [{rpc: a, path: /jsonrpc}]}}"},
	"write DELETE /api/cache/*":                {"targets: {web: {base_url: 'http://x', writes: [DELETE]}}", "targets: {web: {base_url: 'http://x', writes: [DELETE /api/cache/*]}}"},
	"write listed: {targets: {...}}":           {"=environments: {listed: [a]}", "=environments: {listed: {targets: {}}}"},
	"name a kind: kind: store, web":            {"targets: {nameless: {address: x}}", "targets: {nameless: {kind: store, address: x}}"},
	"it is called address now":                 {"targets: {store: {addr: x}}", "targets: {store: {address: x}}"},
	"declare it under secrets: gone: {env: VARIABLE}, {file: PATH} or {command: [PROGRAM]}": {"vars: {hook: {secret: gone}}", "vars: {hook: {secret: gone}}, secrets: {gone: {command: [PROGRAM]}}"},
	"write read, write, destructive, the name of an action, or all of a family: docker.*":   {"policy: {deny: wipe}", "policy: {deny: [read, store.set, store.*]}"},
}

// Every hint that is given for the corpus of mistakes has been tried: what it says to
// write is without a finding.
func TestHintsAreTried(t *testing.T) {
	parsed := func(name, text string) diag.List {
		_, list, err := environment.Parse(&yaml.Source{Name: name, Text: []byte(text)}, "", registry())
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return list
	}
	findings := func(text string) (kinds []string) {
		whole, is := strings.CutPrefix(text, "=")
		if !is {
			whole = "environments: {e: {" + text + "}}"
		}
		for _, d := range parsed("runbook.yaml", whole) {
			kinds = append(kinds, kindOf(d.Hint))
		}
		return kinds
	}
	for kind, x := range tried {
		if got := findings(x.mistake); !slices.Contains(got, kind) {
			t.Errorf("%q is not given for %q, but %q", kind, x.mistake, got)
		}
		if got := findings(x.mended); len(got) > 0 {
			t.Errorf("%q: what it says to write is wrong, too: %q: %q", kind, x.mended, got)
		}
	}
	given := map[string]string{}
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed(name, string(text)) {
			given[kindOf(d.Hint)] = d.String()
		}
	}
	delete(given, "")
	for _, kind := range slices.Sorted(maps.Keys(given)) {
		if _, ok := tried[kind]; !ok {
			t.Errorf("the hint %q was never tried; it is given for %s", kind, given[kind])
		}
	}
}
