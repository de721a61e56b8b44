package playbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runbook/engine/yaml"
)

// words are those of other tools, each with what the hint says to write on a step.
var words = map[string]string{
	"if": "when: condition", "loop": `for_each: "${{ list }}"`, "with_items": `for_each: "${{ list }}"`, "name": "title: what it does",
	"retries": "retry: {attempts: 3, delay: 2s}", "register": "id: name", "until": "verify: [condition]\n  within: 1m",
	"delay": "retry: {attempts: 3, delay: 2s}", "tags": `when: inputs.part == "backup"`, "become": "with: {argv: [sudo, program, argument]}",
	"notify": "when: condition", "depends_on": "needs: []", "uses": "", "env": "with: {argv: [program, argument], env: {NAME: value}}",
	"command": "with: {argv: [program, argument]}", "script": "with: {argv: [program, argument]}", "run": "with: {argv: [program, argument]}",
	"args": "with: {parameter: value}", "parallel": "for_each: [a]\n  max_parallel: 4", "rescue": "on_failure: stop", "always": "",
	"ignore_errors": "on_failure: warn", "changed_when": "",
}

// where are the mappings in which a word may stand, with the key of one that is left
// open for it.
var where = map[string]struct {
	text string
	of   *yaml.Declaration
}{
	"playbook":     {"%s: x\nsteps: [{action: a.b}]", yaml.DeclarationOf[Playbook]()},
	"step":         {"steps: [{action: a.b, %s: x}]", yaml.DeclarationOf[Step]()},
	"part":         {"steps: [{steps: [{action: a.b, %s: x}]}]", yaml.DeclarationOf[Step]()},
	"remedy":       {"steps: [{observe: {action: a.b}, verify: [a], remedies: [{action: a.b, %s: x}]}]", yaml.DeclarationOf[Step]()},
	"undo":         {"steps: [{action: a.b, undo: {action: a.b, %s: x}}]", yaml.DeclarationOf[Step]()},
	"finally":      {"steps: [{action: a.b}]\nfinally: [{action: a.b, %s: x}]", yaml.DeclarationOf[Step]()},
	"prerequisite": {"prerequisites: [{action: a.b, %s: x}]\nsteps: [{action: a.b}]", yaml.DeclarationOf[Step]()},
	"check":        {"steps: [{action: a.b, verify: [{that: a, %s: x}]}]", yaml.DeclarationOf[Check]()},
	"observation":  {"steps: [{action: a.b, observe: {action: a.b, %s: x}}]", yaml.DeclarationOf[Operation]()},
	"retry":        {"steps: [{action: a.b, retry: {attempts: 2, %s: x}}]", yaml.DeclarationOf[Retry]()},
	"approve":      {"steps: [{action: a.b, approve: {message: m, %s: x}}]", yaml.DeclarationOf[Approve]()},
	"manual":       {"steps: [{manual: {text: m, %s: x}}]", yaml.DeclarationOf[Manual]()},
}

// written is what a hint says to write: its place, and the key.
var written = regexp.MustCompile(`^(on a step |on the step |)(write ([a-z_]+):|remove it|an input)`)

// A word of another tool is answered at each place with what to write, and where; the
// key is one that stands there. What it says to write is right.
func TestWordsOfOtherTools(t *testing.T) {
	for word, mended := range words {
		for place, w := range where {
			if w.of.Key(word) != nil {
				continue // a word of ours, there
			}
			hint := hintOf(t, fmt.Sprintf(w.text, word), `has no "`+word+`"`)
			of := w.of
			m := written.FindStringSubmatch(hint)
			if m == nil {
				t.Errorf("%s in a %s: the hint %q does not say what to write", word, place, hint)
				continue
			}
			if m[1] != "" {
				of = yaml.DeclarationOf[Step]()
			}
			if m[3] != "" && of.Key(m[3]) == nil {
				t.Errorf("%s in a %s: the hint %q names a key that does not stand there", word, place, hint)
			}
		}
		first, _, _ := strings.Cut(mended, "\n")
		if hint := foreign(word).write; !strings.Contains(hint, strings.NewReplacer(`"$`, "$", `}"`, "}", "[]", "[id]").Replace(first)) && !strings.HasPrefix(first, "for_each: [") {
			t.Errorf("%s: %q does not say to write %q", word, hint, first)
		}
		if text := "steps:\n- action: shell.run\n  " + mended + "\n"; slices.ContainsFunc(problemsOf(text), func(string) bool { return true }) {
			t.Errorf("%s: what it says to write is wrong, too: %v", word, problemsOf(text))
		}
	}
}

func hintOf(t *testing.T, text, message string) string {
	t.Helper()
	_, list := Parse(&yaml.Source{Name: "a.yaml", Text: []byte("playbook: a\n" + text + "\n")})
	for _, d := range list {
		if strings.Contains(d.Message, message) {
			return d.Hint
		}
	}
	t.Errorf("%s: nothing says %q: %v", text, message, list)
	return ""
}

func problemsOf(text string) (all []string) {
	_, list := Parse(&yaml.Source{Name: "a.yaml", Text: []byte("playbook: a\n" + text)})
	for _, d := range list {
		all = append(all, d.String())
	}
	return all
}
