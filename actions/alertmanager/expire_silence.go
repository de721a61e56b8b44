package alertmanager

import (
	"context"
	"net/http"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

type expireParams struct {
	ID string `yaml:"id" pattern:"^[0-9a-fA-F-]{36}$" doc:"The silence's id, as create_silence gives it."`
}

func (p expireParams) Brief() string { return p.ID }

type expireOutputs struct {
	ID       string    `yaml:"id" doc:"The silence's id."`
	Matchers string    `yaml:"matchers" doc:"What it silenced, as amtool writes it."`
	Already  bool      `yaml:"already" doc:"Whether it had ended before, so that nothing was sent."`
	EndedAt  time.Time `yaml:"ended_at" doc:"When it ended, by the server's clock."`
}

func (o expireOutputs) Summary() string {
	if o.Already {
		return "the silence of " + o.Matchers + " had ended"
	}
	return "the silence of " + o.Matchers + " is ended"
}

// Nothing reports that all was as it should be.
func (o expireOutputs) Nothing() bool { return o.Already }

// ExpireSilence ends a silence.
var ExpireSilence = action.New(action.Spec[expireParams, expireOutputs]{
	Name:    "alertmanager.expire_silence",
	Summary: "Ends a silence; one that has ended already stays so.",
	Example: `
action: alertmanager.expire_silence
with: {id: 5f66e09e-609f-48e9-95d2-fc88769187f2}
`,
	Target:     Target,
	Effect:     action.Write,
	Idempotent: true, // what has ended stays so: who silences the same again gets another id
	Run:        expireSilence,
	Preview:    previewExpire,
	Subjects:   subjectsOfExpire,
	Settle:     settleExpire,
	Look: func(call action.Call, p expireParams, _ []action.Subject) string {
		return "curl -s " + action.Quote(strings.TrimSuffix(call.Target.Address, "/")+"/api/v2/silence/"+p.ID)
	},
})

func expireSilence(ctx context.Context, call action.Call, p expireParams) (expireOutputs, error) {
	s, found, err := findSilence(ctx, call, p.ID)
	if err != nil {
		return expireOutputs{}, action.NotApplied(err)
	}
	o := expireOutputs{ID: p.ID, Matchers: matchersText(found.Matchers), Already: found.expired(), EndedAt: found.EndsAt}
	if o.Already {
		return o, nil
	}
	err = s.Ask(ctx, call, endpoint.Request{
		Method: http.MethodDelete, Path: "/api/v2/silence/" + p.ID, Change: true, Limit: limit, Explain: explain,
	}, nil)
	if err != nil {
		return expireOutputs{}, err
	}
	o.EndedAt = call.Clock.Now()
	if now, err := s.silence(ctx, p.ID); err == nil && now != nil {
		o.EndedAt = now.EndsAt
	}
	return o, nil
}

// findSilence returns the silence; that there is none is an error.
func findSilence(ctx context.Context, call action.Call, id string) (*server, *silence, error) {
	s, err := serverOf(call)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.silence(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if found == nil {
		return nil, nil, &action.Failure{
			Applied: action.AppliedNot, Final: true, What: "there is no silence " + id, Where: s.Where(), Tried: "to find it by its id, once", Err: errNoSilence,
			Do: []string{"amtool --alertmanager.url " + s.URL() + " silence query"},
		}
	}
	return s, found, nil
}

func previewExpire(ctx context.Context, call action.Call, p expireParams) (action.Preview, error) {
	_, found, err := findSilence(ctx, call, p.ID)
	if err != nil {
		return action.Preview{}, err
	}
	text := matchersText(found.Matchers)
	object := action.Object{Kind: "silence", Name: text, ID: p.ID, Note: found.Comment}
	if found.expired() {
		return action.Preview{Summary: "nothing: the silence of " + text + " has ended", Touches: []action.Object{object}}, nil
	}
	return action.Preview{
		Summary: "end the silence of " + text + " by " + found.CreatedBy,
		Touches: []action.Object{object},
		Changes: []action.Change{{Name: "ends", Before: found.EndsAt.UTC().Format("2006-01-02 15:04 UTC"), After: "now"}},
	}, nil
}

func subjectsOfExpire(ctx context.Context, call action.Call, p expireParams) ([]action.Subject, error) {
	_, found, err := findSilence(ctx, call, p.ID)
	if err != nil {
		return nil, err
	}
	subject := action.Subject{Kind: "silence", Name: matchersText(found.Matchers), ID: p.ID}
	if found.UpdatedAt != nil {
		subject.Version = found.UpdatedAt.UTC().Format(time.RFC3339Nano)
	}
	return []action.Subject{subject}, nil
}

func settleExpire(ctx context.Context, call action.Call, p expireParams, _ []action.Subject) (action.Applied, *expireOutputs, error) {
	_, found, err := findSilence(ctx, call, p.ID)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	if !found.expired() {
		// The request may still be under way; the action is idempotent.
		return action.AppliedLost, nil, nil
	}
	return action.AppliedFully, &expireOutputs{ID: p.ID, Matchers: matchersText(found.Matchers), EndedAt: found.EndsAt}, nil
}
