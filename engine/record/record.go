// Package record is what the verbs that list print as JSON. Fields are only added to
// its documents.
package record

import (
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/schema"
)

// version is that of all documents.
const version = 1

// Playbooks is what `list` prints.
type Playbooks struct {
	Schema    int        `json:"schema"`
	Playbooks []Playbook `json:"playbooks"`
}

// Playbook is one of them.
type Playbook struct {
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Title    string   `json:"title"`
	Path     string   `json:"path"`
	Embedded bool     `json:"embedded"`
	Invalid  bool     `json:"invalid,omitempty"`
	Effect   string   `json:"effect,omitempty"`
	Asks     bool     `json:"asks"`
	Symptoms []string `json:"symptoms,omitempty"`
	Alerts   []string `json:"alerts,omitempty"`
	Found    []string `json:"found_by,omitempty"`
	Last     *Run     `json:"last_run,omitempty"`
}

// PlaybookList is the document of all.
func PlaybookList(all []Playbook) Playbooks {
	return Playbooks{Schema: version, Playbooks: append([]Playbook{}, all...)}
}

// Runs is what `runs` prints.
type Runs struct {
	Schema int   `json:"schema"`
	Runs   []Run `json:"runs"`
}

// Run is one of them, and the last of a playbook.
type Run struct {
	Run         string      `json:"run"`
	Playbook    string      `json:"playbook"`
	Environment string      `json:"environment"`
	By          string      `json:"by"`
	State       event.State `json:"state"`
	Warned      bool        `json:"warned,omitempty"`
	Step        event.Path  `json:"step,omitempty"`
	Started     time.Time   `json:"started"`
	TookMS      int64       `json:"took_ms"`
	Changes     int         `json:"changes"`
}

// RunList is the document of those runs.
func RunList(rows []report.Row) Runs { return Runs{Schema: version, Runs: RunRecords(rows)} }

// RunRecords are the runs of rows.
func RunRecords(rows []report.Row) []Run {
	out := []Run{}
	for _, r := range rows {
		out = append(out, Run{
			Run: r.Run, Playbook: r.Playbook, Environment: r.Environment, By: r.By, State: r.State, Warned: r.Warned, Step: r.Step,
			Started: r.Started.UTC(), TookMS: r.Took.Milliseconds(), Changes: r.Changes,
		})
	}
	return out
}

// Actions is what `actions` prints.
type Actions struct {
	Schema  int      `json:"schema"`
	Actions []Action `json:"actions"`
}

// Action is one of them, with what it takes and gives.
type Action struct {
	Name       string  `json:"name"`
	Summary    string  `json:"summary"`
	Effect     string  `json:"effect"`
	Lowers     bool    `json:"effect_by_parameters,omitempty"`
	Idempotent bool    `json:"idempotent,omitempty"`
	Target     string  `json:"target,omitempty"`
	Parameters []Field `json:"parameters"`
	Outputs    []Field `json:"outputs"`
	Example    string  `json:"example"`
}

// Field is an input, a parameter or an output.
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Required bool     `json:"required,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Default  any      `json:"default,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Doc      string   `json:"doc,omitempty"`
}

// ActionList is the document of those actions.
func ActionList(all []*action.Action) Actions {
	out := Actions{Schema: version, Actions: []Action{}}
	for _, a := range all {
		r := Action{
			Name: a.Name, Summary: a.Summary, Effect: a.Effect.String(), Lowers: a.Lowers(), Idempotent: a.Idempotent,
			Parameters: fieldsOf(a.Params), Outputs: fieldsOf(a.Outputs), Example: a.Example,
		}
		if a.Target != nil {
			r.Target = a.Target.Name
		}
		out.Actions = append(out.Actions, r)
	}
	return out
}

func fieldsOf(t *schema.Type) []Field {
	out := []Field{}
	for _, f := range t.Fields {
		r := Field{Name: f.Name, Type: f.Type.AsRequired().String(), Required: f.Required, Optional: f.Type.Optional, Enum: f.Type.Enum, Doc: f.Doc}
		if f.Default != nil {
			r.Default = schema.TextOf(f.Default)
		}
		out = append(out, r)
	}
	return out
}

// Procedure is what `show` prints: a playbook, without what decides its values.
type Procedure struct {
	Schema     int               `json:"schema"`
	Playbook   string            `json:"playbook"`
	Title      string            `json:"title"`
	Category   string            `json:"category,omitempty"`
	Path       string            `json:"path"`
	Embedded   bool              `json:"embedded"`
	Purpose    string            `json:"purpose,omitempty"`
	Expected   string            `json:"expected,omitempty"`
	Symptoms   []string          `json:"symptoms,omitempty"`
	Alerts     []string          `json:"alerts,omitempty"`
	SeeAlso    []string          `json:"see_also,omitempty"`
	Assumes    []string          `json:"assumes,omitempty"`
	Escalation *event.Escalation `json:"escalation,omitempty"`
	Lock       []string          `json:"lock,omitempty"`
	Effects    event.Effects     `json:"effects"`
	Inputs     []Field           `json:"inputs"`
	Checks     []Step            `json:"prerequisites,omitempty"`
	Steps      []Step            `json:"steps"`
	Finally    []Step            `json:"finally,omitempty"`
}

// Step is a step of it, with its parts.
type Step struct {
	Step    string   `json:"step"` // its address
	Title   string   `json:"title,omitempty"`
	Action  string   `json:"action,omitempty"`
	Call    string   `json:"call,omitempty"`
	Manual  string   `json:"manual,omitempty"`
	Effect  string   `json:"effect,omitempty"`
	Asks    bool     `json:"asks,omitempty"`
	When    string   `json:"when,omitempty"`
	ForEach string   `json:"for_each,omitempty"`
	Observe string   `json:"observe,omitempty"`
	Verify  []string `json:"verify,omitempty"`
	Parts   []Step   `json:"parts,omitempty"`   // of a block or of remedies
	Finally []Step   `json:"finally,omitempty"` // of a block
}

// ProcedureOf is the document of a playbook whose effects were counted.
func ProcedureOf(p *plan.Plan, effects event.Effects) Procedure {
	out := Procedure{
		Schema: version, Playbook: p.Name, Title: p.Title, Category: p.Category, Path: p.Source.Name, Embedded: p.Source.Embedded, Purpose: p.Purpose,
		Expected: p.Expected, Symptoms: p.Symptoms, Alerts: p.Alerts, SeeAlso: p.SeeAlso, Assumes: p.Assumes, Escalation: p.Escalation,
		Effects: effects, Inputs: fieldsOf(p.Inputs),
		Checks: stepsOf(p.Prerequisites.Parts), Steps: stepsOf(p.Steps.Parts), Finally: stepsOf(p.Finally.Parts),
	}
	for _, l := range p.Lock {
		out.Lock = append(out.Lock, l.String())
	}
	return out
}

func stepsOf(steps []*plan.Step) []Step {
	var out []Step
	for _, s := range steps {
		r := Step{Step: s.Path, Title: s.Title, Asks: s.Approve != nil, Parts: stepsOf(s.Parts)}
		if s.Finally != nil {
			r.Finally = stepsOf(s.Finally.Parts)
		}
		if s.Op != nil {
			r.Action, r.Effect = s.Op.Action.Name, s.Op.Effect.String()
		}
		if s.Call != nil {
			r.Call = s.Call.Plan.Name
		}
		if s.Manual != nil {
			r.Manual = s.Manual.Text.String()
		}
		if s.When != nil {
			r.When = s.When.Expr.Source()
		}
		if s.Loop != nil {
			r.ForEach = s.Loop.Items.String()
		}
		if s.Observe != nil {
			r.Observe = s.Observe.Action.Name
		}
		for _, c := range s.Verify {
			r.Verify = append(r.Verify, c.Expr.Source())
		}
		out = append(out, r)
	}
	return out
}

// Validation is what `validate` prints: how many files were looked at, and what is wrong
// in them.
type Validation struct {
	Schema    int       `json:"schema"`
	Files     int       `json:"files"`
	Playbooks int       `json:"playbooks"`
	Errors    int       `json:"errors"`
	Warnings  int       `json:"warnings"`
	Findings  diag.List `json:"findings"`
}

// ValidationOf is the document of a list of findings.
func ValidationOf(list diag.List, files, playbooks int) Validation {
	wrong := list.Errors()
	return Validation{
		Schema: version, Files: files, Playbooks: playbooks, Errors: wrong, Warnings: len(list) - wrong, Findings: append(diag.List{}, list...),
	}
}
