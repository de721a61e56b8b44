package alertmanager

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type createParams struct {
	Matchers  map[string]string `yaml:"matchers" doc:"Labels and their values: alerts that have all of them are silenced. The name of an alert is the label alertname."`
	For       time.Duration     `yaml:"for" min:"1m" max:"720h" doc:"How long, from now."`
	Comment   string            `yaml:"comment" min:"1" doc:"Why, for who finds the silence. The run and the step are added."`
	CreatedBy string            `yaml:"created_by" default:"runbook" min:"1" doc:"Who is named as its author."`
}

func (p createParams) Brief() string {
	return matchersText(matchersOf(p.Matchers)) + " for " + schema.FormatDuration(p.For)
}

func (p createParams) check() error {
	for _, value := range p.Matchers {
		if value != "" {
			return nil
		}
	}
	return action.ParamError("matchers", "at least one label must have a value, else every alert is silenced")
}

type createOutputs struct {
	ID     string    `yaml:"id" doc:"The silence's id."`
	EndsAt time.Time `yaml:"ends_at" doc:"When it ends by itself."`
}

func (o createOutputs) Summary() string {
	return "silence " + o.ID + " until " + o.EndsAt.UTC().Format("2006-01-02 15:04 UTC")
}

// CreateSilence silences alerts for a time.
var CreateSilence = action.New(action.Spec[createParams, createOutputs]{
	Name:    "alertmanager.create_silence",
	Summary: "Silences the alerts with given labels for a time: nobody is notified of them.",
	Example: `
id: quiet
title: Silence the alert while the service restarts
action: alertmanager.create_silence
with:
  matchers: {alertname: HighMemoryUsage, container: app}
  for: 30m
  comment: The container is restarted on purpose
undo:
  action: alertmanager.expire_silence
  with: {id: "${{ outputs.id }}"}
`,
	Target:   Target,
	Effect:   action.Write,
	Run:      createSilence,
	Preview:  previewCreate,
	Subjects: subjectsOfCreate,
	Settle:   settleCreate,
	Look: func(call action.Call, _ createParams, _ []action.Subject) string {
		return "curl -s " + action.Quote(strings.TrimSuffix(call.Target.Address, "/")+"/api/v2/silences")
	},
})

func createSilence(ctx context.Context, call action.Call, p createParams) (createOutputs, error) {
	if err := p.check(); err != nil {
		return createOutputs{}, err
	}
	s, err := serverOf(call)
	if err != nil {
		return createOutputs{}, action.NotApplied(err)
	}
	now := call.Clock.Now()
	wanted := silence{
		Matchers: matchersOf(p.Matchers), StartsAt: now.UTC(), EndsAt: now.Add(p.For).UTC(),
		CreatedBy: p.CreatedBy, Comment: p.Comment + " " + mark(call),
	}
	var answer struct {
		ID string `json:"silenceID"`
	}
	err = s.Ask(ctx, call, endpoint.Request{
		Method: http.MethodPost, Path: "/api/v2/silences", Body: wanted, Change: true, Limit: limit, Explain: explain,
	}, &answer)
	if err != nil {
		return createOutputs{}, err
	}
	return createOutputs{ID: answer.ID, EndsAt: wanted.EndsAt}, nil
}

// mark is what a comment says of the run, and by which Settle finds a silence.
func mark(call action.Call) string { return "(runbook run " + call.Run + ", step " + call.Step + ")" }

func previewCreate(ctx context.Context, call action.Call, p createParams) (action.Preview, error) {
	if err := p.check(); err != nil {
		return action.Preview{}, err
	}
	s, err := serverOf(call)
	if err != nil {
		return action.Preview{}, err
	}
	found, err := s.alerts(ctx, p.Matchers)
	if err != nil {
		return action.Preview{}, err
	}
	standing, err := s.silences(ctx, p.Matchers)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{}
	active := 0
	for _, each := range found {
		a := alertOf(each)
		if a.State == "active" {
			active++
		}
		preview.Touches = append(preview.Touches, action.Object{Kind: "alert", Name: a.Name, ID: each.Fingerprint, Note: noteOf(a)})
	}
	until := call.Clock.Now().Add(p.For).UTC().Format("2006-01-02 15:04 UTC")
	preview.Summary = fmt.Sprintf("silence %s until %s (%s); %s now",
		matchersText(matchersOf(p.Matchers)), until, schema.FormatDuration(p.For), activeAlerts(active))
	if same := sameMatchers(standing, p.Matchers); len(same) > 0 {
		last := slices.MaxFunc(same, func(a, b silence) int { return a.EndsAt.Compare(b.EndsAt) })
		preview.Summary += "; silenced already until " + last.EndsAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	return preview, nil
}

func activeAlerts(n int) string {
	if n == 1 {
		return "1 active alert"
	}
	return schema.HumanCount(int64(n)) + " active alerts"
}

// noteOf returns state and labels of an alert: "active, instance=app:9090".
func noteOf(a alert) string {
	var labels []string
	for name, value := range a.Labels {
		labels = append(labels, name+"="+value)
	}
	slices.Sort(labels)
	return strings.Join(append([]string{a.State}, labels...), ", ")
}

// sameMatchers returns the silences with just these matchers.
func sameMatchers(among []silence, labels map[string]string) []silence {
	want := matchersText(matchersOf(labels))
	var same []silence
	for _, each := range among {
		if matchersText(each.Matchers) == want {
			same = append(same, each)
		}
	}
	return same
}

// subjectsOfCreate gives what the silence is for, and as its version which
// silences this step of this run has already made.
func subjectsOfCreate(ctx context.Context, call action.Call, p createParams) ([]action.Subject, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	s, err := serverOf(call)
	if err != nil {
		return nil, err
	}
	own, err := s.ownSilences(ctx, p)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, each := range own {
		ids = append(ids, each.ID)
	}
	slices.Sort(ids)
	text := matchersText(matchersOf(p.Matchers))
	return []action.Subject{{Kind: "alerts with", Name: text, ID: text, Version: strings.Join(ids, " ")}}, nil
}

// ownSilences returns the silences that this step of this run has made and that
// have not ended.
func (s *server) ownSilences(ctx context.Context, p createParams) ([]silence, error) {
	found, err := s.silences(ctx, p.Matchers)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(sameMatchers(found, p.Matchers), func(each silence) bool {
		return !strings.HasSuffix(each.Comment, mark(s.call))
	}), nil
}

// settleFor is how long a lost request may still arrive.
const settleFor = 5 * time.Second

// settleCreate looks for a silence of this step that was not there before.
func settleCreate(ctx context.Context, call action.Call, p createParams, before []action.Subject) (action.Applied, *createOutputs, error) {
	if len(before) == 0 {
		return action.AppliedLost, nil, nil
	}
	s, err := serverOf(call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	known := strings.Fields(before[0].Version)
	for until := call.Clock.Now().Add(settleFor); ; {
		own, err := s.ownSilences(ctx, p)
		if err != nil {
			return action.AppliedLost, nil, err
		}
		for _, each := range own {
			if !slices.Contains(known, each.ID) {
				return action.AppliedFully, &createOutputs{ID: each.ID, EndsAt: each.EndsAt}, nil
			}
		}
		if !call.Clock.Now().Before(until) {
			return action.AppliedNot, nil, nil
		}
		if err := call.Clock.Sleep(ctx, time.Second); err != nil {
			return action.AppliedLost, nil, err
		}
	}
}
