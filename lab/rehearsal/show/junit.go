package show

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"runbook/lab/rehearsal"
)

// JUnit prints a report for CI at the end.
type JUnit struct {
	silent
	w io.Writer
}

// NewJUnit returns a view that writes to w.
func NewJUnit(w io.Writer) *JUnit { return &JUnit{w: w} }

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

// End prints the report.
func (v *JUnit) End(r *rehearsal.Report, _ int) error { return junitOf(r).print(v.w) }

func (s junitSuites) print(w io.Writer) error {
	text, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report for CI: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

// junitOf is the report of rehearsals as CI reads it.
func junitOf(r *rehearsal.Report) junitSuites {
	out := junitSuites{Tests: len(r.Results), Failures: len(r.Results) - r.Passed(), Time: fmt.Sprintf("%.3f", r.Took.Seconds())}
	var suite *junitSuite
	for _, one := range r.Results {
		if suite == nil || suite.Name != one.Subject.Name {
			suite = &junitSuite{Name: one.Subject.Name}
			out.Suites = append(out.Suites, suite)
		}
		suite.Tests++
		c := junitCase{Class: one.Subject.Name, Name: one.Rehearsal.Name, Time: fmt.Sprintf("%.3f", one.Took.Seconds())}
		if !one.Passed {
			suite.Failures++
			all := Complaints(one)
			c.Failure = &junitFailure{Message: strings.Join(all[:min(1, len(all))], ""), Text: strings.Join(all, "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	}
	return out
}

// MutantsJUnit prints the mutants as tests, for CI.
func MutantsJUnit(w io.Writer, all []Mutated) error {
	out := junitSuites{}
	for _, m := range all {
		s := &junitSuite{Name: m.Name + " mutants"}
		for _, one := range m.Mutants {
			if one.Invalid {
				continue
			}
			c := junitCase{Class: m.Name, Name: one.What + " at " + one.Where}
			if one.KilledBy == "" {
				c.Failure = &junitFailure{Message: "no rehearsal noticed", Text: one.Where}
				s.Failures++
			}
			s.Tests++
			s.Cases = append(s.Cases, c)
		}
		out.Tests, out.Failures = out.Tests+s.Tests, out.Failures+s.Failures
		out.Suites = append(out.Suites, s)
	}
	return out.print(w)
}
