package image

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type pullParams struct {
	Image    string        `yaml:"image" pattern:"^[a-z0-9][^ ]*$" doc:"Its name with the registry, as registry.example.com/app:1.4.2; without a tag latest."`
	Username string        `yaml:"username,omitempty" doc:"At the registry; empty where it asks for nobody."`
	Password schema.Text   `yaml:"password,omitempty" doc:"At the registry: a secret."`
	For      time.Duration `yaml:"for" default:"10m" min:"1s" max:"24h" doc:"How long it may take."`
}

// Brief returns the image.
func (p pullParams) Brief() string { return p.Image }

type pullOutputs struct {
	Image     string   `yaml:"image" doc:"As it was asked for."`
	ID        string   `yaml:"id" doc:"The whole id of what the name means now."`
	BeforeID  string   `yaml:"before_id" doc:"The whole id of what it meant before; empty for nothing."`
	Digests   []string `yaml:"digests" doc:"Its names by digest."`
	SizeBytes int64    `yaml:"size_bytes" doc:"With the layers that it shares with others."`
	Changed   bool     `yaml:"changed" doc:"false: it was up to date."`
}

func (o pullOutputs) Summary() string {
	switch {
	case !o.Changed:
		return o.Image + " was up to date"
	case o.BeforeID != "":
		return o.Image + " is now " + short(o.ID) + ", and was " + short(o.BeforeID)
	}
	return o.Image + " " + short(o.ID) + ", " + schema.HumanBytes(float64(o.SizeBytes))
}

// Nothing reports that all was as it should be.
func (o pullOutputs) Nothing() bool { return !o.Changed }

// Pull gets an image from its registry. Where the client goes away the engine stops.
var Pull = action.New(action.Spec[pullParams, pullOutputs]{
	Name:    "docker.pull",
	Summary: "Lets the engine get one image from its registry; containers keep theirs until they are made anew.",
	Example: "action: docker.pull\nwith: {image: \"mltb/app:1.4.2\"}",
	Target:  docker.Target,
	Effect:  action.Write,
	Takes:   func(p pullParams) time.Duration { return p.For },
	Run:     pull,
	Preview: func(ctx context.Context, call action.Call, p pullParams) (action.Preview, error) {
		_, before, err := p.open(ctx, call)
		if err != nil {
			return action.Preview{}, err
		}
		change := action.Change{Name: "image " + p.Image, Before: "none", After: "what the registry has under the name"}
		if before != "" {
			change.Before = short(before)
		}
		return action.Preview{Summary: "pull " + p.Image + "; no container changes", Touches: []action.Object{{Kind: "image", Name: p.Image, ID: short(before)}}, Changes: []action.Change{change}}, nil
	},
	Subjects: func(ctx context.Context, call action.Call, p pullParams) ([]action.Subject, error) {
		_, before, err := p.open(ctx, call)
		return []action.Subject{{Kind: "image", Name: p.Image, ID: before}}, err
	},
	Settle: func(ctx context.Context, call action.Call, p pullParams, subjects []action.Subject) (action.Applied, *pullOutputs, error) {
		e, now, err := p.open(ctx, call)
		if err != nil || len(subjects) != 1 || now == subjects[0].ID {
			return action.AppliedLost, nil, err
		}
		o, err := p.outputs(ctx, e, subjects[0].ID)
		return action.AppliedFully, &o, err
	},
	Look: func(call action.Call, p pullParams, _ []action.Subject) string {
		return docker.Looking(call, "image ls "+action.Quote(p.Image))
	},
})

// open finds what the name means now.
func (p pullParams) open(ctx context.Context, call action.Call) (*docker.Engine, string, error) {
	e, err := docker.Open(call)
	if err != nil {
		return nil, "", err
	}
	before, err := e.ImageID(ctx, p.Image)
	return e, before, err
}

// auth is who pulls, as the API takes it.
func (p pullParams) auth() string {
	if p.Username == "" {
		return ""
	}
	text, _ := json.Marshal(map[string]string{"username": p.Username, "password": p.Password.Reveal()}) // texts fit
	return base64.URLEncoding.EncodeToString(text)
}

func pull(ctx context.Context, call action.Call, p pullParams) (pullOutputs, error) {
	e, before, err := p.open(ctx, call)
	if err != nil {
		return pullOutputs{}, action.NotApplied(err)
	}
	try, a := e.Try(ctx)
	stream, err := e.API.ImagePull(try, p.Image, client.ImagePullOptions{RegistryAuth: p.auth()})
	if err != nil {
		if failed := e.Failed(a, err, nil); a.Status() != 404 && a.Status() != 500 {
			return pullOutputs{}, failed
		}
		return pullOutputs{}, refused(e, p, fmt.Sprint(err)) // the registry refused, or was not reached
	}
	last := ""
	for m, err := range stream.JSONMessages(try) {
		if err != nil {
			return pullOutputs{}, action.Lost(e.Failed(a, err, nil))
		}
		if m.Error != nil {
			return pullOutputs{}, refused(e, p, m.Error.Message)
		}
		if m.Status != "" && m.Status != last {
			last = m.Status
			call.Progress(action.Progress{Note: strings.TrimSpace(m.Status + " " + m.ID)})
		}
	}
	return p.outputs(ctx, e, before)
}

func (p pullParams) outputs(ctx context.Context, e *docker.Engine, before string) (pullOutputs, error) {
	i, err := find(ctx, e, p.Image)
	if err != nil {
		return pullOutputs{}, action.Lost(err)
	}
	return pullOutputs{Image: p.Image, ID: i.ID, BeforeID: before, Digests: named(i.RepoDigests), SizeBytes: i.Size, Changed: i.ID != before}, nil
}

// refused says why the registry gave nothing: the name means what it meant before.
func refused(e *docker.Engine, p pullParams, text string) error {
	text = strings.TrimPrefix(strings.Join(strings.Fields(text), " "), "Error response from daemon: ")
	if len(text) > 90 {
		text = strings.ToValidUTF8(text[:90], "") + "…"
	}
	return &action.Failure{
		Applied: action.AppliedNot, What: "the engine could not pull " + p.Image + ": " + text, Where: e.Where(), Tried: "POST /images/create, once",
		Do: []string{"check the name, and give username and password where the registry asks"},
	}
}
