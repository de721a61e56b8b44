//go:build unix

package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"runbook/engine/report"
)

// hundreds are 200 secrets of many shapes, and for each what of it nobody may read.
func hundreds() (secrets, hidden []string) {
	r := rand.New(rand.NewPCG(3, 3))
	const plain = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	from := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	for i := range 200 {
		token := from(plain, 9+r.IntN(20))
		whole := token
		switch i % 6 {
		case 1:
			token = "x" + from(plain+` !"#$%&'()*+,-./:;<=>?@[\]^_{|}~`, 20) + "x"
			whole = token
		case 2:
			whole = "-----BEGIN KEY-----\n" + token + "\n-----END KEY-----"
		case 3:
			whole = "redis://ann:" + token + "@db:6379/0"
		case 4:
			whole = fmt.Sprintf(`{"user": "ann", "key": %q}`, token)
		case 5:
			token = strconv.Itoa(100000000 + r.IntN(1<<40))
			whole = token
		}
		secrets, hidden = append(secrets, whole), append(hidden, token)
	}
	return secrets, hidden
}

// spelled are the ways in which programs print a secret.
var spelled = []func(string) string{
	func(s string) string { return s },
	func(s string) string { b, _ := json.Marshal(s); return string(b) },
	func(s string) string { b, _ := json.Marshal(s); c, _ := json.Marshal(string(b)); return string(c) },
	func(s string) string { return strings.ReplaceAll(strconv.QuoteToASCII(s), "/", `\/`) },
	func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'" },
	func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" },
	url.QueryEscape, url.PathEscape,
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.URLEncoding.EncodeToString([]byte("a" + s)) },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a:" + s)) },
	func(s string) string { return hex.EncodeToString([]byte(s)) },
	func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
}

// Of 200 secrets that programs and servers print in every spelling none can be read on
// the terminal, in a prompt, a manual step, a log, an error, a report or the journal.
func TestNoSinkTellsASecret(t *testing.T) {
	p, r := &program{t: t, dir: t.TempDir()}, logged(t)
	secrets, hidden := hundreds()
	var readable []string // what no sink may have
	var vars, sources, bodies, all strings.Builder
	steps := "steps:\n"
	for i, secret := range secrets {
		t.Setenv(fmt.Sprintf("SECRET_%d", i), secret)
		fmt.Fprintf(&vars, "      s%d: {secret: s%d}\n", i, i)
		fmt.Fprintf(&sources, "      s%d: {env: SECRET_%d}\n", i, i)
		fmt.Fprintf(&bodies, "${{ vars.s%d }} ", i)
		for _, spell := range spelled {
			readable = append(readable, spell(hidden[i]))
			fmt.Fprintf(&all, "it has %s and %s.\n", spell(secret), spell(hidden[i]))
		}
		if i%20 == 19 { // so that nothing of it is cut
			file := fmt.Sprintf("said%d", i/20)
			p.write(file, all.String())
			all.Reset()
			steps += fmt.Sprintf("  - {id: %s, action: shell.run, with: {argv: [cat, %s]}}\n  - {action: flow.log, with: {text: \"${{ steps.%s.outputs.stdout }}\"}}\n", file, file, file)
		}
	}
	p.write("runbook.yaml", fmt.Sprintf("default: e\nenvironments:\n  e:\n    targets:\n      http: {base_url: %q}\n    vars:\n%s    secrets:\n%s", r.URL, &vars, &sources))
	p.written(steps + fmt.Sprintf(`  - {id: sent, action: http.request, with: {method: POST, path: /x, body: "%s"}}
  - {id: json, action: http.request, with: {method: POST, path: /x, json: {n: ["${{ vars.s5 }}"], t: "${{ toBase64(vars.s1) }}"}}}
  - {id: number, action: http.request, with: {method: POST, path: /x, body: "[${{ vars.s5 }}, {\"n\": ${{ vars.s11 }}.0}]"}}
  - {action: flow.log, with: {text: "${{ steps.json.outputs.body }} ${{ steps.sent.outputs.body }} ${{ toJSON(steps.number.outputs.json) }}"}}
  - id: touch
    approve: {message: "Go on with ${{ steps.said0.outputs.stdout }}?"}
    action: shell.run
    with: {argv: [echo, "${{ steps.said1.outputs.stdout }}"]}
  - {id: lamp, manual: {text: "It said ${{ steps.said2.outputs.stdout }}", fields: {ok: {type: bool}}}}
  - {id: fails, action: shell.run, with: {argv: [sh, -c, "cat said3 >&2; exit 3"]}}
`, &bodies))
	texts := map[string]string{}
	for name, flags := range map[string][]string{"live": nil, "plain": {"--output", "plain", "-vv"}, "json": {"--output", "json"}} {
		screen, exit := converse(t, p.dir, []reply{{"[n]", "d\r"}, {"[n]", "y\r"}, {"ok (", "true\r"}}, append([]string{"run", "requests.yaml"}, flags...)...)
		if texts[name] = screen; exit != 1 || !strings.Contains(screen, "(secret s") {
			t.Fatalf("%s: exit %d: %s", name, exit, screen[max(0, len(screen)-2500):])
		}
	}
	for _, f := range report.Formats() {
		texts["report as "+f.Name], _ = converse(t, p.dir, nil, "report", "last", "--format", f.Name)
	}
	for _, words := range [][]string{{"runs"}, {"list"}, {"show", "requests.yaml"}, {"validate", "requests.yaml"}, {"run", "requests.yaml", "--dry-run"}} {
		texts[strings.Join(words, " ")], _ = converse(t, p.dir, nil, words...)
	}
	journals, err := filepath.Glob(filepath.Join(p.dir, "runbook", "runs", "*"))
	if err != nil || len(journals) == 0 {
		t.Fatalf("%d journals, %v", len(journals), err)
	}
	for _, j := range journals {
		text, err := os.ReadFile(j)
		if err != nil {
			t.Fatal(err)
		}
		texts["journal"] += string(text)
	}
	for name, text := range texts {
		for _, secret := range readable {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s has %q: …%q", name, secret, text[max(0, at-60):min(len(text), at+len(secret)+20)])
				break
			}
		}
	}
	if sent := strings.Join(r.since(), "\n"); !strings.Contains(sent, secrets[0]) || !strings.Contains(sent, base64.StdEncoding.EncodeToString([]byte(secrets[1]))) {
		t.Errorf("sent %.500s", sent)
	}
}
