package show

import (
	"encoding/json"
	"io"

	"runbook/engine/event"
	"runbook/engine/report"
	"runbook/lab/rehearsal"
)

// JSON prints an object for each thing that happens.
type JSON struct {
	encoder *json.Encoder
	err     error
}

// NewJSON returns a view that writes to w.
func NewJSON(w io.Writer) *JSON {
	v := &JSON{encoder: json.NewEncoder(w)}
	v.encoder.SetEscapeHTML(false)
	return v
}

// jsonLine is one line: what it is about, and the part that its type has.
type jsonLine struct {
	Type      string  `json:"type"`
	Rehearsal string  `json:"rehearsal,omitempty"`
	Name      string  `json:"name,omitempty"`
	Seed      uint64  `json:"seed,omitempty"`
	LabTime   float64 `json:"lab_time_seconds,omitempty"`
	Passed    *bool   `json:"passed,omitempty"`
	Took      float64 `json:"took_seconds,omitempty"`
	*jsonMoment
	*jsonEnd
	*jsonLast
	Fact json.RawMessage `json:"fact,omitempty"`
}

type jsonMoment struct {
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Value string `json:"value,omitempty"`
	Held  bool   `json:"held"`
}

type jsonEnd struct {
	Ending  string   `json:"ending"`
	Changes int      `json:"changes"`
	Failed  []string `json:"failed,omitempty"`
}

type jsonLast struct {
	Schema   int         `json:"schema"`
	Count    jsonCount   `json:"count"`
	Coverage []jsonCover `json:"coverage"`
}

type jsonCount struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
}

type jsonCover struct {
	Playbook string            `json:"playbook"`
	Percent  float64           `json:"percent"`
	Never    []rehearsal.Place `json:"never"`
	Idle     []rehearsal.Place `json:"idle,omitempty"` // stubs of the file that nothing called
}

func (v *JSON) put(l jsonLine) {
	if err := v.encoder.Encode(l); err != nil {
		v.failed(err)
	}
}

// Began prints which rehearsal began.
func (v *JSON) Began(r *rehearsal.Result) {
	v.put(jsonLine{Type: "rehearsal_began", Rehearsal: r.Name(), Name: r.Rehearsal.Name, Seed: r.Seed})
}

// Moment prints what happened.
func (v *JSON) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	line := jsonLine{Type: "moment", Rehearsal: r.Name(), LabTime: m.At.Seconds()}
	if m.Kind != "finished" {
		line.jsonMoment = &jsonMoment{m.Kind, m.Text, m.Value, m.Held}
		v.put(line)
		return
	}
	line.Type, line.Name, line.Seed, line.LabTime = "rehearsal_finished", r.Rehearsal.Name, r.Seed, r.LabTime.Seconds()
	line.Passed, line.Took = &r.Passed, r.Took.Seconds()
	line.jsonEnd = &jsonEnd{r.Ending, r.Changes(), Complaints(r)}
	v.put(line)
}

// Fact prints a fact of the run under rehearsal, in the form of `run --output
// json`.
func (v *JSON) Fact(r *rehearsal.Result, e event.Event) {
	if e.Type.Transient() {
		return
	}
	fact, err := report.JSONLine(r.Name(), e)
	if err != nil {
		v.failed(err)
		return
	}
	v.put(jsonLine{Type: "fact", Rehearsal: r.Name(), Fact: fact})
}

func (v *JSON) failed(err error) {
	if v.err == nil {
		v.err = err
	}
}

// End prints the last line.
func (v *JSON) End(r *rehearsal.Report, exit int) error {
	passed, n := exit == 0, r.Passed()
	last := &jsonLast{Schema: 1, Count: jsonCount{n, len(r.Results) - n}, Coverage: []jsonCover{}}
	for _, c := range r.Coverage {
		last.Coverage = append(last.Coverage, jsonCover{c.Subject.Name, c.All().Percent(), append([]rehearsal.Place{}, c.Never...), c.Idle})
	}
	v.put(jsonLine{Type: "finished", Passed: &passed, Took: r.Took.Seconds(), jsonLast: last})
	return v.err
}

// MutantsJSON prints an object for each mutant, and one for each playbook.
func MutantsJSON(w io.Writer, all []Mutated) error {
	type line struct {
		Type     string  `json:"type"`
		Playbook string  `json:"playbook"`
		What     string  `json:"what"`
		Where    string  `json:"where"`
		State    string  `json:"state"`
		KilledBy *string `json:"killed_by"`
	}
	type last struct {
		Type     string  `json:"type"`
		Schema   int     `json:"schema"`
		Playbook string  `json:"playbook"`
		Killed   int     `json:"killed"`
		Survived int     `json:"survived"`
		Invalid  int     `json:"invalid"`
		Score    float64 `json:"score_percent"`
	}
	encoder := json.NewEncoder(w)
	for _, m := range all {
		for _, one := range m.Mutants {
			l := line{Type: "mutant", Playbook: m.Name, What: one.What, Where: one.Where, State: "survived"}
			switch {
			case one.Invalid:
				l.State = "invalid"
			case one.KilledBy != "":
				l.State, l.KilledBy = "killed", &one.KilledBy
			}
			if err := encoder.Encode(l); err != nil {
				return err
			}
		}
		if err := encoder.Encode(last{"mutation_finished", 1, m.Name, m.Killed, m.Survived, m.Invalid, m.Percent()}); err != nil {
			return err
		}
	}
	return nil
}
