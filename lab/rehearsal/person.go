package rehearsal

import (
	"context"
	"errors"

	"runbook/engine/event"
	"runbook/engine/run"
	"runbook/engine/schema"
)

// person answers as a rehearsal says. Who is not there does not answer, and the
// run waits as without a terminal.
type person struct {
	scene  *scene
	listed *Rehearsal
}

var errNobody = errors.New("waits for a person; the rehearsal has no answer for it")

func matches(step, path string) bool { return step == path || step == withoutItems(path) }

// Approve answers an approval after its time.
func (p *person) Approve(ctx context.Context, path string, _ *event.Approval) (run.Answer, error) {
	for _, a := range p.listed.Approve {
		if !matches(a.Step, path) {
			continue
		}
		if err := p.scene.lab.Clock().Sleep(ctx, a.After); err != nil {
			return run.Answer{}, err
		}
		return run.Answer{Approved: !a.Refuses, By: a.As, Reason: a.Refuse}, nil
	}
	return run.Answer{}, errNobody
}

// Report answers a manual step after its time.
func (p *person) Report(ctx context.Context, path string, m run.Manual) (map[string]any, error) {
	for _, a := range p.listed.Report {
		if !matches(a.Step, path) {
			continue
		}
		if err := p.scene.lab.Clock().Sleep(ctx, a.After); err != nil {
			return nil, err
		}
		got := map[string]any{"by": a.As, "at": p.scene.lab.Clock().Now()}
		for name, v := range a.Fields {
			if f, ok := m.Step.Outputs.Field(name); ok {
				fitted, err := schema.ConvertField(f, v)
				if err != nil {
					return nil, err
				}
				v = fitted
			}
			got[name] = v
		}
		return got, nil
	}
	return nil, errNobody
}
