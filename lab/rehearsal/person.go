package rehearsal

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/run"
	"runbook/engine/schema"
	"runbook/lab/stub"
)

// person answers as a rehearsal says. Who is not there does not answer, and the
// run waits as without a terminal.
type person struct {
	scene  *scene
	listed *Rehearsal

	mu    sync.Mutex
	asked map[event.Path]bool // the steps of answers that were asked for
}

var errNobody = errors.New("waits for a person; the rehearsal has no answer for it")

func (p *person) note(step event.Path) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = map[event.Path]bool{}
	}
	p.asked[step] = true
}

// wasAsked is whether the answer of a step was asked for.
func (p *person) wasAsked(step event.Path) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[step]
}

// Approve gives the answers to an approval, each after its time.
func (p *person) Approve(ctx context.Context, path event.Path, _ *event.Approval) iter.Seq2[run.Answer, error] {
	return func(yield func(run.Answer, error) bool) {
		answered := false
		for _, a := range p.listed.Approve {
			if !matches(a.address, path) {
				continue
			}
			answered = true
			p.note(a.address)
			err := p.scene.lab.Clock().Sleep(ctx, a.At.Or(answerAfter))
			if !yield(run.Answer{Approved: !a.Refuse.Set(), Answer: event.Answer{By: a.As.Value, Reason: a.Refuse.Value}}, err) || err != nil {
				return
			}
		}
		if !answered {
			yield(run.Answer{}, errNobody)
		}
	}
}

// Report answers a manual step after its time.
func (p *person) Report(ctx context.Context, path event.Path, m run.Manual) (map[string]any, error) {
	for _, a := range p.listed.Report {
		if !matches(a.address, path) {
			continue
		}
		p.note(a.address)
		if err := p.scene.lab.Clock().Sleep(ctx, a.At.Or(answerAfter)); err != nil {
			return nil, err
		}
		return a.values(m, p.scene.lab.Clock().Now())
	}
	return nil, errNobody
}

// values are the fields of a manual step, as values of their types.
func (a *Answer) values(m run.Manual, now time.Time) (map[string]any, error) {
	got := map[string]any{"by": a.As.Value, "at": now}
	for _, p := range a.Fields {
		name, v := p.Key.Text, stub.Value(p.Value)
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

// answers checks that what a rehearsal answers was asked.
func (p *person) answers(r *Result) {
	for _, a := range p.listed.Approve {
		p.answer(r, Check{Kind: "approve", Expected: a.As.Value + " is asked at " + string(a.address), Held: p.wasAsked(a.address), Place: a.Node.Span})
	}
	for _, a := range p.listed.Report {
		p.answer(r, Check{Kind: "report", Expected: "asked at " + string(a.address), Held: p.wasAsked(a.address), Place: a.Node.Span})
	}
}

func (p *person) answer(r *Result, c Check) {
	c.Seen = "asked"
	if !c.Held {
		c.Seen = "nobody was asked"
	}
	r.Checks = append(r.Checks, c)
}
