package schema

import (
	"errors"
	"strings"
)

// Fault is one value that does not fit its type: where it stands, what is
// wrong with it, and what is taken in its place. No part of it holds a secret.
type Fault struct {
	Path    string // "headers.x", "containers[2].name"; "" for the value itself
	Message string // `"60" is no duration, it has no unit`
	Takes   string // "duration from 1s to 1h, default 60s"; may be ""
}

// Error returns "path: message; takes what".
func (f *Fault) Error() string {
	text := f.Message
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	if f.Takes != "" {
		text += "; takes " + f.Takes
	}
	return text
}

// Errors are all faults of one value, in the order of its fields.
type Errors struct{ Faults []*Fault }

// Error returns the faults, one a line.
func (e *Errors) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (e *Errors) Unwrap() []error {
	all := make([]error, len(e.Faults))
	for i, f := range e.Faults {
		all[i] = f
	}
	return all
}

// Faults returns the faults of an error of this package, nil for others.
func Faults(err error) []*Fault {
	var many *Errors
	if errors.As(err, &many) {
		return many.Faults
	}
	var one *Fault
	if errors.As(err, &one) {
		return []*Fault{one}
	}
	return nil
}

// Under returns err with its paths below prefix ("with" and "x" give "with.x").
// An error without paths is returned as it is.
func Under(prefix string, err error) error {
	faults := Faults(err)
	if faults == nil {
		return err
	}
	moved := make([]*Fault, len(faults))
	for i, f := range faults {
		c := *f
		c.Path = joinPath(prefix, f.Path)
		moved[i] = &c
	}
	return &Errors{Faults: moved}
}

func joinPath(prefix, path string) string {
	switch {
	case prefix == "":
		return path
	case path == "", strings.HasPrefix(path, "["):
		return prefix + path
	default:
		return prefix + "." + path
	}
}

// add gathers the faults of a part.
func (e *Errors) add(prefix string, err error) {
	if err == nil {
		return
	}
	found := Faults(Under(prefix, err))
	if found == nil {
		found = []*Fault{{Path: prefix, Message: err.Error()}}
	}
	e.Faults = append(e.Faults, found...)
}

// err is e if it has a fault.
func (e *Errors) err() error {
	if len(e.Faults) == 0 {
		return nil
	}
	return e
}
