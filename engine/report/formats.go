package report

import "io"

// Format is a form in which the report of a run can be printed. A new one is a
// file with its function, a row in Formats, and a golden of its own.
type Format struct {
	Name  string // as --format takes it
	Write func(io.Writer, *Run, Options) error
}

// Formats are those that there are; the first is printed where none is named.
func Formats() []Format {
	return []Format{
		{"text", Text},
		{"json", ReportJSON},
	}
}
