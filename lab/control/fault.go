package control

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/model"
)

// ParseFault reads a fault as FAULT[,option[=value]]…; `on` and `for` are its
// target and how long it lasts.
func ParseFault(text string) (lab.Fault, error) {
	words := strings.Split(text, ",")
	f := lab.Fault{Name: words[0]}
	if err := Known(f.Name); err != nil {
		return f, err
	}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "on":
			f.On = value
		case "for":
			d, err := schema.ParseDuration(value)
			if err != nil || d <= 0 {
				return f, wrong("for="+value+" is no duration", "--fault "+f.Name+",for=30s")
			}
			f.For = d
		default:
			if err := AddOption(&f, word); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

// AddOption reads an option of a known fault as NAME=VALUE, or NAME for one that
// is set.
func AddOption(f *lab.Fault, word string) error {
	known, _ := model.Lookup(f.Name)
	name, text, given := strings.Cut(word, "=")
	if !slices.Contains(known.Options, name) {
		has := "it has none"
		if len(known.Options) > 0 {
			has = "it has " + strings.Join(known.Options, ", ")
		}
		return wrong(fmt.Sprintf("fault %s has no option %q; %s", f.Name, name, has), "runbook lab faults "+f.Name)
	}
	on, err := strconv.ParseBool(text)
	if given && err != nil {
		return wrong(fmt.Sprintf("the option %s of fault %s is true or false, not %q", name, f.Name, text), "runbook lab faults "+f.Name)
	}
	if f.Options == nil {
		f.Options = map[string]bool{}
	}
	f.Options[name] = on || !given
	return nil
}

// Known is an error where there is no such fault; it names the nearest one.
func Known(name string) error {
	if _, ok := model.Lookup(name); ok {
		return nil
	}
	f := &action.Failure{What: fmt.Sprintf("there is no fault %q", name), Do: []string{"runbook lab faults"}}
	if near := diag.Nearest(name, FaultNames()); near != "" {
		f.Nearest = []string{near}
	}
	return &Error{Wrong, f}
}

// FaultNames are the names of all faults.
func FaultNames() []string {
	var out []string
	for _, f := range lab.Faults() {
		out = append(out, f.Name)
	}
	return out
}

// short writes a duration as a command line takes it: 20m, 16m40s.
func short(d time.Duration) string {
	text := d.String()
	if s, ok := strings.CutSuffix(text, "m0s"); ok {
		text = s + "m"
	}
	if s, ok := strings.CutSuffix(text, "h0m"); ok {
		text = s + "h"
	}
	return text
}
