package run_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// world is what the actions of these tests act on: named numbers, and a log of
// every effect in the order in which it was sent.
type world struct {
	mu      sync.Mutex
	values  map[string]int
	sent    []string
	seen    []string // names of values that were read, in order
	fails   map[string]int
	version int // of every subject
	running int
	most    int // at once, of world.work
}

type nameParams struct {
	Name string `yaml:"name" doc:"Name of the value."`
}

type valueOutputs struct {
	Value int `yaml:"value" doc:"The value."`
}

type setParams struct {
	Name  string        `yaml:"name" doc:"Name of the value."`
	Value int           `yaml:"value" doc:"New value."`
	Ends  string        `yaml:"ends,omitempty" doc:"How it ends." enum:"not_applied,partial,partial_then_refused,partial_and_moved,lost,lost_applied,lost_then_refused,lost_and_moved,final"`
	Fails int           `yaml:"fails,omitempty" doc:"So often it ends so."`
	Takes time.Duration `yaml:"takes,omitempty" doc:"How long it takes."`
}

type listParams struct {
	Count int `yaml:"count" doc:"How many items."`
}

type listOutputs struct {
	Items []int `yaml:"items" doc:"From 0."`
}

type sayParams struct {
	Text  string      `yaml:"text" doc:"What is given back."`
	Token schema.Text `yaml:"token,omitempty" doc:"Sent along."`
	Times int         `yaml:"times,omitempty" default:"1" doc:"How often."`
}

type sayOutputs struct {
	Texts  []string `yaml:"texts" show:"last" doc:"What was given."`
	Source string   `yaml:"source" raw:"texts" doc:"What the texts were read from."`
}

type takesParams struct {
	Takes time.Duration `yaml:"takes" doc:"How long it takes."`
}

type requestParams struct {
	Method string `yaml:"method" doc:"Method." default:"GET" enum:"GET,POST"`
	Name   string `yaml:"name" doc:"Name of the value."`
}

func (w *world) get(_ context.Context, _ action.Call, p nameParams) (valueOutputs, error) {
	if strings.HasPrefix(p.Name, "slow") { // in a driver, which does not rest
		time.Sleep(5 * time.Second)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, p.Name)
	if strings.HasSuffix(p.Name, "forbidden") {
		return valueOutputs{}, &action.Failure{Applied: action.AppliedNot, What: "forbidden", Final: true}
	}
	if w.fails[p.Name] > 0 {
		w.fails[p.Name]--
		return valueOutputs{}, errors.New("no answer")
	}
	if p.Name == "count" { // each look sees one more
		w.values[p.Name]++
	}
	return valueOutputs{Value: w.values[p.Name]}, nil
}

func (w *world) set(ctx context.Context, call action.Call, p setParams) (valueOutputs, error) {
	w.mu.Lock()
	w.sent = append(w.sent, fmt.Sprintf("%s=%d", p.Name, p.Value))
	w.running++
	w.most = max(w.most, w.running)
	w.mu.Unlock()
	err := call.Clock.Sleep(ctx, p.Takes)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	if err != nil {
		return valueOutputs{}, action.Lost(err)
	}
	if p.Ends != "" && (p.Fails == 0 || w.fails["set "+p.Name] < p.Fails) {
		w.fails["set "+p.Name]++
		return w.end(p)
	}
	before := w.values[p.Name]
	w.values[p.Name] = p.Value
	return valueOutputs{Value: before}, nil
}

func (w *world) end(p setParams) (valueOutputs, error) {
	err := errors.New("ends " + p.Ends)
	switch p.Ends {
	case "not_applied":
		return valueOutputs{}, action.NotApplied(err)
	case "lost_applied":
		w.values[p.Name] = p.Value
	case "lost_and_moved", "partial_and_moved":
		w.version++
	case "lost_then_refused", "partial_then_refused":
		if w.fails["set "+p.Name] > 1 {
			return valueOutputs{}, action.NotApplied(err)
		}
	}
	if p.Ends == "final" {
		return valueOutputs{}, &action.Failure{Applied: action.AppliedNot, What: "forbidden", Final: true}
	}
	if strings.HasPrefix(p.Ends, "partial") {
		return valueOutputs{}, action.Partial(err)
	}
	return valueOutputs{}, &action.Failure{Applied: action.AppliedLost, What: err.Error(), Where: "world at 127.0.0.1:7", Err: err}
}

func takes(ctx context.Context, call action.Call, p takesParams) (struct{}, error) {
	return struct{}{}, call.Clock.Sleep(ctx, p.Takes)
}

func (w *world) say(_ context.Context, _ action.Call, p sayParams) (o sayOutputs, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, p.Text[:min(len(p.Text), 20)])
	return sayOutputs{Texts: slices.Repeat([]string{p.Text}, p.Times), Source: "the source"}, nil
}

func previewSay(context.Context, action.Call, sayParams) (action.Preview, error) {
	return action.Preview{Summary: "say it"}, nil
}

func previewSet(_ context.Context, _ action.Call, p setParams) (action.Preview, error) {
	return action.Preview{Summary: fmt.Sprintf("%s to %d", p.Name, p.Value)}, nil
}

func (w *world) subjects(_ context.Context, _ action.Call, p setParams) ([]action.Subject, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []action.Subject{{Kind: "value", Name: p.Name, ID: p.Name, Version: fmt.Sprint(w.version)}}, nil
}

func (w *world) settle(ctx context.Context, _ action.Call, p setParams, _ []action.Subject) (action.Applied, *valueOutputs, error) {
	if ctx.Err() != nil {
		return action.AppliedLost, nil, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.values[p.Name] == p.Value {
		return action.AppliedFully, &valueOutputs{}, nil
	}
	return action.AppliedNot, nil, nil
}

// registry returns the actions over w.
func (w *world) registry() *action.Registry {
	set := action.Spec[setParams, valueOutputs]{
		Name: "world.set", Summary: "Sets a value.", Example: "action: world.set", Effect: action.Write,
		Run: w.set, Preview: previewSet, Subjects: w.subjects,
	}
	again, settled, drop, child := set, set, set, set
	again.Name, again.Idempotent = "world.set_again", true
	settled.Name, settled.Settle = "world.set_settled", w.settle
	drop.Name, drop.Effect = "world.drop_value", action.Destructive
	child.Name, child.Child = "world.set_child", true
	r, err := action.NewRegistry(append([]*action.Action{
		action.New(set), action.New(again), action.New(settled), action.New(drop), action.New(child),
	}, w.others()...))
	if err != nil {
		panic(err)
	}
	return r
}

func (w *world) others() []*action.Action {
	return []*action.Action{
		action.New(action.Spec[nameParams, valueOutputs]{Name: "world.get", Summary: "Reads a value.", Example: "action: world.get", Run: w.get}),
		action.New(action.Spec[nameParams, valueOutputs]{
			Name: "world.spawn", Summary: "Reads a value by a program.", Example: "action: world.spawn", Child: true, Run: w.get, Effect: action.Write,
			EffectAt: func(_ action.Target, p nameParams) action.Effect {
				if strings.HasPrefix(p.Name, "listed") {
					return action.Read
				}
				return action.Write
			},
			Preview: func(context.Context, action.Call, nameParams) (action.Preview, error) { return action.Preview{}, nil },
		}),
		action.New(action.Spec[listParams, listOutputs]{
			Name: "world.list", Summary: "Lists.", Example: "action: world.list",
			Run: func(_ context.Context, _ action.Call, p listParams) (o listOutputs, _ error) {
				for i := range p.Count {
					o.Items = append(o.Items, i)
				}
				return o, nil
			},
		}),
		action.New(action.Spec[takesParams, struct{}]{Name: "world.wait", Summary: "Reads for long.", Example: "action: world.wait", Run: takes}),
		action.New(action.Spec[sayParams, sayOutputs]{Name: "world.hear", Summary: "Reads texts.", Example: "action: world.hear", Run: w.say}),
		action.New(action.Spec[sayParams, sayOutputs]{Name: "world.say", Summary: "Says texts.", Example: "action: world.say", Effect: action.Write, Run: w.say, Preview: previewSay}),
		action.New(action.Spec[takesParams, struct{}]{Name: "world.pause", Summary: "Waits.", Example: "action: world.pause", Pause: true, Run: takes}),
		action.New(action.Spec[requestParams, valueOutputs]{
			Name: "world.request", Summary: "Asks.", Example: "action: world.request",
			Effect: action.Write, EffectBy: []string{"method"},
			EffectOf: func(p requestParams) action.Effect {
				if p.Method == http.MethodGet {
					return action.Read
				}
				return action.Write
			},
			Run: func(ctx context.Context, call action.Call, p requestParams) (valueOutputs, error) {
				if p.Method == http.MethodGet {
					return w.get(ctx, call, nameParams{Name: p.Name})
				}
				return w.set(ctx, call, setParams{Name: p.Name, Value: 1})
			},
			Preview: func(context.Context, action.Call, requestParams) (action.Preview, error) {
				return action.Preview{Summary: "request"}, nil
			},
		}),
	}
}

// order returns what was sent, one after the other.
func (w *world) order() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}
