package reference

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/yaml"
)

// Tables returns the Markdown table of the keys of each mapping that the
// declarations of files hold, by its name: "step", "manual-step".
func Tables(files ...*yaml.Declaration) map[string]string {
	all := map[string]string{}
	for _, d := range files {
		tabulate(d, all)
	}
	return all
}

func tabulate(d *yaml.Declaration, all map[string]string) {
	if d.Whole != nil {
		d = d.Whole
	}
	name := nameOf(d.What)
	if _, done := all[name]; done {
		return
	}
	var b strings.Builder
	b.WriteString("| Key | |\n|---|---|\n")
	for _, k := range d.Keys {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.Name, sentencesOf(k))
	}
	all[name] = b.String()
	for _, k := range d.Keys {
		if k.Of != nil {
			tabulate(k.Of, all)
		}
	}
}

// code is what doc tags mark as code, with what stands before it.
var code = regexp.MustCompile(`(^|[ (])'([^']+)'`)

// sentencesOf say what a key is, what it takes, and what it goes with.
func sentencesOf(k *yaml.Key) string {
	parts := []string{strings.ReplaceAll(code.ReplaceAllString(k.Doc, "$1`$2`"), "|", `\|`)}
	if limits := limitsOf(&k.Field); limits != "" && (len(k.Type.Enum) > 1 || k.Shape == yaml.Text && k.Max != nil) {
		parts = append(parts, limits)
	}
	if k.Late {
		parts = append(parts, "May be `${{ }}`.")
	}
	if k.Required {
		parts = append(parts, "Required.")
	}
	if len(k.Beside) > 0 {
		parts = append(parts, "Only beside `"+strings.Join(k.Beside, "` or `")+"`.")
	}
	if len(k.With) > 0 {
		parts = append(parts, "Asks for `"+strings.Join(k.With, "` and `")+"`.")
	}
	return strings.Join(parts, " ")
}

// Fill puts the tables into a page, each between the line <!-- keys: NAME --> and
// the next <!-- end -->. The error names a table that there is not, or one that
// does not end.
func Fill(page string, tables map[string]string) (string, error) {
	const begin, end = "<!-- keys: ", "<!-- end -->\n"
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(page, begin)
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, rest, _ := strings.Cut(after, " -->\n")
		table, ok := tables[name]
		if !ok {
			return "", fmt.Errorf("there is no table %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(tables)), ", "))
		}
		_, rest, ok = strings.Cut(rest, end)
		if !ok {
			return "", fmt.Errorf("the table %q has no line %s", name, strings.TrimSpace(end))
		}
		b.WriteString(begin + name + " -->\n" + table + end)
		page = rest
	}
}
