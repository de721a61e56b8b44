package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"runbook/engine/event"
)

// JSON is the view for programs: one object a line for each fact, with
// `schema`, `type`, `time`, `run`, the address of the `step` and the fields of
// the fact; durations are in nanoseconds. The last line is a `run_finished` for every ending.
type JSON struct {
	w   io.Writer
	run string
	err error
}

var _ View = (*JSON)(nil)

// NewJSON returns the view that writes to w.
func NewJSON(w io.Writer) *JSON { return &JSON{w: w} }

// Event prints a fact.
func (j *JSON) Event(e event.Event) {
	if c, ok := e.Data.(*event.RunCreated); ok {
		j.run = c.Run
	}
	if j.err != nil {
		return
	}
	line, err := JSONLine(j.run, e)
	if err == nil {
		_, err = j.w.Write(append(line, '\n'))
	}
	j.err = err
}

// Close returns the first error of writing.
func (j *JSON) Close() error { return j.err }

// JSONLine encodes the fact e of a run as one line, without its line end. A
// run that is suspended ends as `run_finished` too.
func JSONLine(run string, e event.Event) ([]byte, error) {
	typ := e.Type
	switch d := e.Data.(type) {
	case *event.RunSuspended:
		typ = event.TypeRunFinished
		e.Data, e.Text = filled(d.RunFinished), nil
	case *event.RunFinished:
		e.Data, e.Text = filled(*d), nil
	}
	head := struct {
		Schema  int        `json:"schema"`
		Type    event.Type `json:"type"`
		Time    string     `json:"time"`
		Run     *string    `json:"run"`
		Step    event.Path `json:"step,omitempty"`
		Attempt int        `json:"attempt,omitempty"`
	}{Schema: 1, Type: typ, Time: e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), Step: e.Path, Attempt: e.Attempt}
	if run != "" {
		head.Run = &run
	}
	line, err := encoded(head)
	if err != nil || e.Data == nil {
		return line, err
	}
	members := e.Text
	if members == nil {
		if members, err = encoded(e.Data); err != nil {
			return nil, err
		}
	}
	members = bytes.TrimPrefix(members, []byte("{"))
	for _, said := range []string{`"schema":1,`, fmt.Sprintf(`"run":%q,`, run)} { // as the head has said
		members = bytes.TrimPrefix(members, []byte(said))
	}
	if line = line[:len(line)-1]; members[0] != '}' {
		line = append(line, ',')
	}
	return append(line, members...), nil
}

// encoded is v as JSON, without a line end.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode a fact: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// filled makes lists of the last fact that are nil empty.
func filled(f event.RunFinished) *event.RunFinished {
	if f.Changes == nil {
		f.Changes = []event.Change{}
	}
	if f.Warnings == nil {
		f.Warnings = []event.Finding{}
	}
	return &f
}
