// Package diag turns a mistake in a source file into a coded, positioned
// diagnostic with an excerpt and a hint.
//
// A user's mistake is a Diagnostic, never a Go error: all of a file's mistakes
// are gathered and reported together, in the order of the file.
package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a diagnostic stops a playbook from running.
type Severity uint8

// The severities, mildest last.
const (
	Error Severity = iota
	Warning
)

// String returns the word that is printed for s.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// MarshalText writes the word, as programs read it.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Position is a place in a source: line and column count from 1, the column in
// characters. The zero Position is unknown.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// IsValid reports whether p names a place.
func (p Position) IsValid() bool { return p.Line > 0 }

// String returns "line:column".
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Compare orders positions as they stand in a file.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Span is a stretch of one source; End is the first position behind it. A Span
// whose End is not valid covers one character. Use is where an alias puts what
// stands in the span, nil if it is used where it stands; it may have a Use again.
type Span struct {
	Start Position `json:"start"`
	End   Position `json:"end,omitzero"`
	Use   *Span    `json:"-"`
}

// At returns the span of n characters from p, in its line.
func At(p Position, n int) Span {
	return Span{Start: p, End: Position{Line: p.Line, Column: p.Column + n}}
}

// Note points to a second place that explains a diagnostic.
type Note struct {
	Span    Span   `json:"span"`
	Message string `json:"message"`
}

// Diagnostic is one mistake: a stable code, its place, one sentence that says
// what is wrong and a hint that says what to write instead.
type Diagnostic struct {
	Code     string   `json:"code"` // "RB1105"
	Severity Severity `json:"severity"`
	Source   string   `json:"source"` // name of the file, as the user gave it
	Span     Span     `json:"span"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`
	Notes    []Note   `json:"notes,omitempty"`

	NoExcerpt bool `json:"-"` // its line is not shown, as a secret may stand in it
}

// String returns the diagnostic in one line, without its excerpt.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%s: %s %s: %s", d.Source, d.Span.Start, d.Severity, d.Code, d.Message)
}

// List gathers the diagnostics of one or several sources.
type List []Diagnostic

// Add appends d. What is wrong in a value behind an alias is told once, where the
// value stands, with a note for each place of use.
func (l *List) Add(d Diagnostic) {
	use := d.Span.Use
	if d.Span.Use = nil; use == nil {
		*l = append(*l, d)
		return
	}
	at := slices.IndexFunc(*l, func(o Diagnostic) bool {
		return o.Code == d.Code && o.Source == d.Source && o.Span == d.Span && o.Message == d.Message
	})
	if at < 0 {
		at = len(*l)
		*l = append(*l, d)
	}
	same := &(*l)[at]
	for ; use != nil; use = use.Use {
		note := Note{Span: Span{Start: use.Start, End: use.End}, Message: "it is used here"}
		if !slices.Contains(same.Notes, note) {
			same.Notes = append(slices.Clip(same.Notes), note)
		}
	}
}

// Sort orders the list by source and place; equal places keep their order.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), a.Span.Start.Compare(b.Span.Start))
	})
}

// Summary counts the list in words: "2 errors, 1 warning", "no findings".
func (l List) Summary() string {
	errors := l.Errors()
	warnings := len(l) - errors
	switch {
	case errors > 0 && warnings > 0:
		return counted(errors, "error") + ", " + counted(warnings, "warning")
	case errors > 0:
		return counted(errors, "error")
	case warnings > 0:
		return counted(warnings, "warning")
	}
	return "no findings"
}

func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Errors returns how many of the list are errors.
func (l List) Errors() int {
	n := 0
	for _, d := range l {
		if d.Severity == Error {
			n++
		}
	}
	return n
}
