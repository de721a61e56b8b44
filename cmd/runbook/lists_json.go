package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/schema"
)

// The documents of --format json. Fields are only added to them.

const formatText = "text"

// formatFlag adds --format to a verb that lists: text or json.
func formatFlag(cmd *cobra.Command) (json func() (bool, error)) {
	format := cmd.Flags().String("format", formatText, "text or json")
	return func() (bool, error) {
		if *format != formatText && *format != outputJSON {
			return false, usage(fmt.Sprintf("there is no format %q", *format), "--format text or json")
		}
		return *format == outputJSON, nil
	}
}

type listDocument struct {
	Schema    int            `json:"schema"`
	Playbooks []listedRecord `json:"playbooks"`
}

type listedRecord struct {
	Name     string     `json:"name"`
	Category string     `json:"category"`
	Title    string     `json:"title"`
	Path     string     `json:"path"`
	Embedded bool       `json:"embedded"`
	Invalid  bool       `json:"invalid,omitempty"`
	Effect   string     `json:"effect,omitempty"`
	Asks     bool       `json:"asks"`
	Symptoms []string   `json:"symptoms,omitempty"`
	Alerts   []string   `json:"alerts,omitempty"`
	Found    []string   `json:"found_by,omitempty"`
	Last     *runRecord `json:"last_run,omitempty"`
}

func listRecords(all []listed) listDocument {
	out := listDocument{Schema: 1, Playbooks: []listedRecord{}}
	for _, l := range all {
		r := listedRecord{Name: l.Name, Category: l.category(), Title: l.title(), Path: l.Path, Embedded: l.Embedded, Invalid: l.plan == nil, Found: l.hits}
		if l.plan != nil {
			r.Effect, r.Asks = l.effect()
			r.Symptoms, r.Alerts = l.plan.Symptoms, l.plan.Alerts
		}
		if l.last != nil {
			last := recordsOf(rows([]journal.Summary{*l.last}))
			r.Last = &last[0]
		}
		out.Playbooks = append(out.Playbooks, r)
	}
	return out
}

type runsDocument struct {
	Schema int         `json:"schema"`
	Runs   []runRecord `json:"runs"`
}

type runRecord struct {
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

func recordsOf(rows []report.Row) []runRecord {
	out := []runRecord{}
	for _, r := range rows {
		out = append(out, runRecord{
			Run: r.Run, Playbook: r.Playbook, Environment: r.Environment, By: r.By, State: r.State, Warned: r.Warned, Step: r.Step,
			Started: r.Started.UTC(), TookMS: r.Took.Milliseconds(), Changes: r.Changes,
		})
	}
	return out
}

type actionsDocument struct {
	Schema  int            `json:"schema"`
	Actions []actionRecord `json:"actions"`
}

type actionRecord struct {
	Name       string        `json:"name"`
	Summary    string        `json:"summary"`
	Effect     string        `json:"effect"`
	Lowers     bool          `json:"effect_by_parameters,omitempty"`
	Idempotent bool          `json:"idempotent,omitempty"`
	Target     string        `json:"target,omitempty"`
	Parameters []fieldRecord `json:"parameters"`
	Outputs    []fieldRecord `json:"outputs"`
	Example    string        `json:"example"`
}

type fieldRecord struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Required bool     `json:"required,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Default  any      `json:"default,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Doc      string   `json:"doc,omitempty"`
}

func actionRecords(all []*action.Action) actionsDocument {
	out := actionsDocument{Schema: 1, Actions: []actionRecord{}}
	for _, a := range all {
		r := actionRecord{
			Name: a.Name, Summary: a.Summary, Effect: a.Effect.String(), Lowers: a.Lowers(), Idempotent: a.Idempotent,
			Parameters: fieldRecords(a.Params), Outputs: fieldRecords(a.Outputs), Example: a.Example,
		}
		if a.Target != nil {
			r.Target = a.Target.Name
		}
		out.Actions = append(out.Actions, r)
	}
	return out
}

func fieldRecords(t *schema.Type) []fieldRecord {
	out := []fieldRecord{}
	for _, f := range t.Fields {
		r := fieldRecord{Name: f.Name, Type: f.Type.AsRequired().String(), Required: f.Required, Optional: f.Type.Optional, Enum: f.Type.Enum, Doc: f.Doc}
		if f.Default != nil {
			r.Default = schema.TextOf(f.Default)
		}
		out = append(out, r)
	}
	return out
}

type procedureDocument struct {
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
	Inputs     []fieldRecord     `json:"inputs"`
	Checks     []stepRecord      `json:"prerequisites,omitempty"`
	Steps      []stepRecord      `json:"steps"`
	Finally    []stepRecord      `json:"finally,omitempty"`
}

type stepRecord struct {
	Step    string       `json:"step"` // its address
	Title   string       `json:"title,omitempty"`
	Action  string       `json:"action,omitempty"`
	Call    string       `json:"call,omitempty"`
	Manual  string       `json:"manual,omitempty"`
	Effect  string       `json:"effect,omitempty"`
	Asks    bool         `json:"asks,omitempty"`
	When    string       `json:"when,omitempty"`
	ForEach string       `json:"for_each,omitempty"`
	Observe string       `json:"observe,omitempty"`
	Verify  []string     `json:"verify,omitempty"`
	Parts   []stepRecord `json:"parts,omitempty"` // of a block or of remedies
}

func procedureRecord(p *plan.Plan) procedureDocument {
	out := procedureDocument{
		Schema: 1, Playbook: p.Name, Title: p.Title, Category: p.Category, Path: p.Source.Name, Embedded: p.Source.Embedded, Purpose: p.Purpose,
		Expected: p.Expected, Symptoms: p.Symptoms, Alerts: p.Alerts, SeeAlso: p.SeeAlso, Assumes: p.Assumes, Escalation: p.Escalation,
		Effects: launch.Effects(p, environment.DefaultPolicy()), Inputs: fieldRecords(p.Inputs),
		Checks: stepRecords(p.Prerequisites.Parts), Steps: stepRecords(p.Steps.Parts), Finally: stepRecords(p.Finally.Parts),
	}
	for _, l := range p.Lock {
		out.Lock = append(out.Lock, l.String())
	}
	return out
}

func stepRecords(steps []*plan.Step) []stepRecord {
	var out []stepRecord
	for _, s := range steps {
		r := stepRecord{Step: s.Path, Title: s.Title, Asks: s.Approve != nil, Parts: stepRecords(s.Parts)}
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
