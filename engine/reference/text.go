package reference

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// List writes the actions for a terminal of width columns, by family: name,
// effect and summary.
func List(w io.Writer, reg *action.Registry, width int) error {
	var b bytes.Buffer
	longest := 0
	for _, a := range reg.All() {
		longest = max(longest, len(a.Name))
	}
	for _, family := range reg.Families() {
		b.WriteString(family + "\n")
		for _, a := range actionsOf(reg, family) {
			lead := fmt.Sprintf("  %-*s  %-11s  ", longest, a.Name, a.Effect)
			b.WriteString(lead + cutTo(a.Summary, width-len(lead)) + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s. Effects are the worst case. Read one: runbook actions NAME\n", plural(len(reg.All()), "action"))
	_, err := w.Write(b.Bytes())
	return err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Table writes one line an action for a pipe: name, effect, kind of target ("-"
// for none) and summary, separated by tabs, without a header.
func Table(w io.Writer, reg *action.Registry) error {
	var b bytes.Buffer
	for _, a := range reg.All() {
		target := "-"
		if a.Target != nil {
			target = a.Target.Name
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", a.Name, a.Effect, target, a.Summary)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Action writes what there is to know of an action, for a terminal of width
// columns.
func Action(w io.Writer, a *action.Action, width int) error {
	var b bytes.Buffer
	gap := max(2, width-len(a.Name)-len(a.Effect.String()))
	fmt.Fprintf(&b, "%s%*s%s\n", a.Name, gap, "", a.Effect)
	for _, line := range wrap(a.Summary, width) {
		b.WriteString(line + "\n")
	}
	b.WriteString("\n")
	labelled(&b, "Effect", width, append([]string{effectOf(a) + "."}, remarksOf(a)...)...)
	if a.Target != nil {
		labelled(&b, "Target", width, a.Target.Name+": "+a.Target.Summary)
	}
	section(&b, "Parameters", a.Params, true, width)
	section(&b, "Outputs", a.Outputs, false, width)
	b.WriteString("\nExample\n")
	for line := range strings.SplitSeq(strings.TrimSpace(a.Example), "\n") {
		b.WriteString("  " + line + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// labelled writes paragraphs behind a label in a column of 13.
func labelled(b *bytes.Buffer, label string, width int, paragraphs ...string) {
	const column = 13
	for _, paragraph := range paragraphs {
		for _, line := range wrap(strings.ReplaceAll(paragraph, "`", ""), width-column) {
			fmt.Fprintf(b, "%-*s%s\n", column, label, line)
			label = ""
		}
	}
}

func section(b *bytes.Buffer, title string, t *schema.Type, params bool, width int) {
	fmt.Fprintf(b, "\n%s\n", title)
	if t.Kind == schema.Map {
		if params {
			b.WriteString("  any, of any type\n")
		} else {
			b.WriteString("  its parameters, with their types\n")
		}
		return
	}
	rows := rowsOf(t, "")
	if len(rows) == 0 {
		b.WriteString("  none\n")
		return
	}
	var names, kinds, given int
	for i := range rows {
		if !params {
			rows[i].given = ""
			if rows[i].optional {
				rows[i].kind = "optional " + rows[i].kind
			}
		}
		names = max(names, len(rows[i].path))
		kinds = max(kinds, len(rows[i].kind))
		given = max(given, utf8.RuneCountInString(rows[i].given))
	}
	for _, r := range rows {
		lead := fmt.Sprintf("  %-*s  %-*s  ", names, r.path, kinds, r.kind)
		if given > 0 {
			lead += fmt.Sprintf("%-*s  ", given, r.given)
		}
		described(b, lead, r.doc, width)
	}
}

// described writes text behind lead, or below it where too little room is left.
func described(b *bytes.Buffer, lead, text string, width int) {
	const least = 24
	room := width - utf8.RuneCountInString(lead)
	if text == "" {
		b.WriteString(strings.TrimRight(lead, " ") + "\n")
		return
	}
	if room < least {
		b.WriteString(strings.TrimRight(lead, " ") + "\n")
		for _, line := range wrap(text, width-6) {
			b.WriteString("      " + line + "\n")
		}
		return
	}
	for _, line := range wrap(text, room) {
		b.WriteString(lead + line + "\n")
		lead = strings.Repeat(" ", utf8.RuneCountInString(lead))
	}
}

// wrap breaks text at spaces into lines of at most width characters; a longer
// word stands alone.
func wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if used > 0 && used+1+n > width {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	return append(lines, line)
}

// cutTo cuts text to width characters, the last of which is then an ellipsis.
func cutTo(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width || width < 2 {
		return text
	}
	return strings.TrimRight(string(runes[:width-1]), " ") + "…"
}
