package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/report"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// nameOfResult is playbook/number.
func nameOfResult(r *rehearsal.Result) string {
	return fmt.Sprintf("%s/%d", r.Subject.Name, r.Rehearsal.Number)
}

// outcomeOf is the exit of a verb by what became of rehearsals.
func outcomeOf(p *rehearsal.Report, o rehearsed) error {
	for _, r := range p.Results {
		if !r.Passed {
			return told(event.EndFailed)
		}
	}
	if o.failUnder > 0 && coveredPercent(p) < o.failUnder {
		o.note("coverage is %s, below --fail-under %g", schema.HumanPercent(coveredPercent(p)), o.failUnder)
		return told(event.EndFailed)
	}
	return nil
}

// coveredPercent is the share of steps, branches and remedies that were reached.
func coveredPercent(p *rehearsal.Report) float64 {
	var sum rehearsal.Ratio
	for _, c := range p.Coverage {
		for _, r := range []rehearsal.Ratio{c.Steps, c.Branches, c.Remedies} {
			sum.Reached, sum.All = sum.Reached+r.Reached, sum.All+r.All
		}
	}
	return sum.Percent()
}

func passedOf(p *rehearsal.Report) (passed int) {
	for _, r := range p.Results {
		if r.Passed {
			passed++
		}
	}
	return passed
}

// linesView prints a line for each thing that happens, for pipes.
type linesView struct {
	w    io.Writer
	wide int // the longest name of a rehearsal
	err  error
}

func newLinesView(w io.Writer, subjects []*rehearsal.Subject) *linesView {
	v := &linesView{w: w}
	for _, s := range subjects {
		v.wide = max(v.wide, len(fmt.Sprintf("%s/%d", s.Name, len(s.File.Rehearsals))))
	}
	return v
}

func (v *linesView) line(name, kind, text string) {
	if _, err := fmt.Fprintf(v.w, "%s %-*s  %-9s %s\n", time.Now().UTC().Format("2006-01-02T15:04:05Z"), v.wide, name, kind, text); err != nil && v.err == nil {
		v.err = err
	}
}

// Began prints nothing.
func (v *linesView) Began(*rehearsal.Result) {}

// Moment prints what was expected, and how a rehearsal ended.
func (v *linesView) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	held := map[bool]string{true: "held", false: "failed"}[m.Held]
	switch m.Kind {
	case "red":
		v.line(nameOfResult(r), "before", fmt.Sprintf("%s %s, seen %s", held, m.Text, m.Value))
	case "green":
		v.line(nameOfResult(r), "after", fmt.Sprintf("%s %s, seen %s", held, m.Text, m.Value))
	case "finished":
		kind := map[bool]string{true: "passed", false: "failed"}[r.Passed]
		v.line(nameOfResult(r), kind, fmt.Sprintf("%s, seed %d, %s", r.Rehearsal.Name, r.Seed, seconds(r.Took)))
		for _, text := range complaints(r) {
			v.line(nameOfResult(r), kind, text)
		}
	}
}

// Fact prints nothing.
func (v *linesView) Fact(*rehearsal.Result, event.Event) {}

func (v *linesView) end(p *rehearsal.Report, o rehearsed) error {
	exit := outcomeOf(p, o)
	kind, code := "passed", 0
	if exit != nil {
		kind, code = "failed", event.EndFailed.Code()
	}
	passed := passedOf(p)
	v.line("-", "finished", fmt.Sprintf("%s exit=%d passed=%d failed=%d %s", kind, code, passed, len(p.Results)-passed, seconds(p.Took)))
	if v.err != nil {
		return v.err
	}
	return exit
}

// complaints are what was expected and did not come, in lines.
func complaints(r *rehearsal.Result) []string {
	var all []string
	for _, c := range r.Checks {
		if !c.Held {
			all = append(all, fmt.Sprintf("%s: expected %s, seen %s (%s:%s)", c.Kind, c.Expected, c.Seen, r.Subject.File.Source.Name, c.Place.Start))
		}
	}
	for _, p := range r.Also {
		if !p.Held {
			all = append(all, fmt.Sprintf("not so: %s: %s", p.Text, p.Detail))
		}
	}
	if r.Err != nil {
		all = append(all, r.Err.Error())
	}
	if r.Run != "" {
		all = append(all, "its run: runbook report "+r.Run)
	}
	return all
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// jsonView prints an object for each thing that happens.
type jsonView struct {
	encoder *json.Encoder
	err     error
}

func newJSONView(w io.Writer) *jsonView {
	v := &jsonView{encoder: json.NewEncoder(w)}
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
	Playbook string      `json:"playbook"`
	Percent  float64     `json:"percent"`
	Never    []jsonPlace `json:"never"`
}

type jsonPlace struct {
	What  string `json:"what"`
	Where string `json:"where"`
}

func placesOf(c *rehearsal.Coverage) []jsonPlace {
	out := []jsonPlace{}
	for _, n := range c.Never {
		out = append(out, jsonPlace(n))
	}
	return out
}

func (v *jsonView) put(l jsonLine) {
	if err := v.encoder.Encode(l); err != nil {
		v.failed(err)
	}
}

// Began prints which rehearsal began.
func (v *jsonView) Began(r *rehearsal.Result) {
	v.put(jsonLine{Type: "rehearsal_began", Rehearsal: nameOfResult(r), Name: r.Rehearsal.Name, Seed: r.Seed})
}

// Moment prints what happened.
func (v *jsonView) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	line := jsonLine{Type: "moment", Rehearsal: nameOfResult(r), LabTime: m.At.Seconds()}
	if m.Kind != "finished" {
		line.jsonMoment = &jsonMoment{m.Kind, m.Text, m.Value, m.Held}
		v.put(line)
		return
	}
	line.Type, line.Name, line.Seed, line.LabTime = "rehearsal_finished", r.Rehearsal.Name, r.Seed, r.LabTime.Seconds()
	line.Passed, line.Took = &r.Passed, r.Took.Seconds()
	line.jsonEnd = &jsonEnd{r.Ending, r.Changes(), complaints(r)}
	v.put(line)
}

// Fact prints a fact of the run under rehearsal, in the form of `run --output
// json`.
func (v *jsonView) Fact(r *rehearsal.Result, e event.Event) {
	if e.Type.Transient() {
		return
	}
	fact, err := report.JSONLine(nameOfResult(r), e)
	if err != nil {
		v.failed(err)
		return
	}
	v.put(jsonLine{Type: "fact", Rehearsal: nameOfResult(r), Fact: fact})
}

func (v *jsonView) failed(err error) {
	if v.err == nil {
		v.err = err
	}
}

func (v *jsonView) end(p *rehearsal.Report, o rehearsed) error {
	exit := outcomeOf(p, o)
	passed := exit == nil
	last := &jsonLast{Schema: 1, Count: jsonCount{passedOf(p), len(p.Results) - passedOf(p)}, Coverage: []jsonCover{}}
	for _, c := range p.Coverage {
		last.Coverage = append(last.Coverage, jsonCover{c.Subject.Name, plus(plus(c.Steps, c.Branches), c.Remedies).Percent(), placesOf(c)})
	}
	v.put(jsonLine{Type: "finished", Passed: &passed, Took: p.Took.Seconds(), jsonLast: last})
	if v.err != nil {
		return v.err
	}
	return exit
}

// junitView prints a report for CI at the end.
type junitView struct{ w io.Writer }

// Began prints nothing.
func (*junitView) Began(*rehearsal.Result) {}

// Moment prints nothing.
func (*junitView) Moment(*rehearsal.Result, rehearsal.Moment) {}

// Fact prints nothing.
func (*junitView) Fact(*rehearsal.Result, event.Event) {}

type junitSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []*junitSuite
}

type junitSuite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Cases    []junitCase
}

type junitCase struct {
	XMLName xml.Name      `xml:"testcase"`
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:",omitempty"`
}

type junitFailure struct {
	XMLName xml.Name `xml:"failure"`
	Message string   `xml:"message,attr"`
	Text    string   `xml:",chardata"`
}

func (v *junitView) end(p *rehearsal.Report, o rehearsed) error {
	text, err := junitOf(p)
	if err != nil {
		return err
	}
	if err := put(v.w, text); err != nil {
		return err
	}
	return outcomeOf(p, o)
}

// junitOf is the report of rehearsals as CI reads it.
func junitOf(p *rehearsal.Report) (string, error) {
	out := junitSuites{Tests: len(p.Results), Failures: len(p.Results) - passedOf(p), Time: fmt.Sprintf("%.3f", p.Took.Seconds())}
	var suite *junitSuite
	for _, r := range p.Results {
		if suite == nil || suite.Name != r.Subject.Name {
			suite = &junitSuite{Name: r.Subject.Name}
			out.Suites = append(out.Suites, suite)
		}
		suite.Tests++
		c := junitCase{Class: r.Subject.Name, Name: r.Rehearsal.Name, Time: fmt.Sprintf("%.3f", r.Took.Seconds())}
		if !r.Passed {
			suite.Failures++
			all := complaints(r)
			c.Failure = &junitFailure{Message: strings.Join(all[:min(1, len(all))], ""), Text: strings.Join(all, "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	return xml.Header + string(text) + "\n", err
}
