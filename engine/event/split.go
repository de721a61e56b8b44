package event

import "encoding/json"

// Split is a payload most of which is JSON already: Member has it, Rest is the payload
// without.
type Split struct {
	Member string
	Value  json.RawMessage
	Rest   any
}

// Split implements the journal's interface of such payloads.
func (r *Result) Split() Split {
	rest := *r
	rest.Outputs = nil
	return Split{"outputs", r.Outputs, &rest}
}

// Split does so of an observation.
func (o *Observation) Split() Split {
	rest := *o
	rest.Outputs = nil
	return Split{"outputs", o.Outputs, &rest}
}

// Split does so of an outcome.
func (o *Outcome) Split() Split {
	rest := *o
	rest.Outputs = nil
	return Split{"outputs", o.Outputs, &rest}
}

// Split does so of the items of a loop.
func (x *Expanded) Split() Split {
	rest := *x
	rest.Value = nil
	return Split{"value", x.Value, &rest}
}
