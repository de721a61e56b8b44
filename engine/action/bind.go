package action

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

	"runbook/engine/schema"
)

// binder binds a Spec to decoded parameters.
type binder[P, O any] struct {
	spec   Spec[P, O]
	params *schema.Type
}

// bound is a Spec with its parameters.
type bound[P, O any] struct {
	spec   *Spec[P, O]
	params P
}

// briefer is a struct of parameters that says itself in a few words.
type briefer interface{ Brief() string }

// summarizer is a struct of outputs that says itself in one line.
type summarizer interface{ Summary() string }

// idler is a struct of outputs of a change that may have found nothing to do.
type idler interface{ Nothing() bool }

func (b *binder[P, O]) bind(values map[string]any, target Target) (Bound, error) {
	call := &bound[P, O]{spec: &b.spec}
	if values == nil {
		values = map[string]any{}
	}
	fitted, err := schema.DecodeFitted(values, &call.params)
	if err != nil {
		return Bound{}, schema.Under("with", err)
	}
	params, _ := fitted.(map[string]any)
	unknowns := unknownsOf(params)
	out := Bound{
		Effect: b.spec.Effect, Params: params, Unknowns: unknowns,
		Run: call.run, Preview: call.preview, Subjects: call.subjects, Look: call.look,
	}
	if b.spec.Settle != nil {
		out.Settle = call.settle
	}
	if err := b.judge(&out, call.params, target); err != nil {
		return Bound{}, err
	}
	return out, nil
}

// judge sets what depends on the parameters: effect, idempotence, brief.
func (b *binder[P, O]) judge(out *Bound, params P, target Target) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: judging the parameters panicked: %v", b.spec.Name, r)
		}
	}()
	out.Idempotent = b.spec.Idempotent
	if b.spec.Takes != nil {
		out.Takes = b.spec.Takes(params)
	}
	decided := b.decided(out.Unknowns)
	defer func() {
		out.Best = out.Effect
		switch {
		case out.Effect == Read || err != nil:
		case b.spec.AtBest != nil && (len(out.Unknowns) > 0 || target.Kind == ""):
			out.Best = min(out.Effect, b.spec.AtBest(target, params, out.Unknowns))
		case b.spec.EffectAt != nil && (!decided || target.Kind == "") || b.spec.EffectOf != nil && !decided:
			out.Best = Read
		}
	}()
	if decided {
		if b.spec.EffectOf != nil {
			out.Effect = min(out.Effect, b.spec.EffectOf(params))
		}
		if b.spec.EffectAt != nil {
			out.Effect = min(out.Effect, b.spec.EffectAt(target, params))
		}
		if b.spec.IdempotentOf != nil {
			out.Idempotent = out.Idempotent || b.spec.IdempotentOf(target, params)
		}
	}
	if self, ok := any(params).(briefer); ok && len(out.Unknowns) == 0 {
		out.Brief = self.Brief()
		return nil
	}
	out.Brief = b.brief(out.Params)
	return nil
}

// decided reports whether effect and idempotence can be told in spite of what
// is unknown.
func (b *binder[P, O]) decided(unknowns []string) bool {
	if len(b.spec.EffectBy) == 0 {
		return len(unknowns) == 0
	}
	return !slices.ContainsFunc(unknowns, func(name string) bool { return slices.Contains(b.spec.EffectBy, name) })
}

func unknownsOf(params map[string]any) []string {
	var names []string
	for name, value := range params {
		if schema.HasUnknown(value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// brief lists what was given, as "container=app  for=60s"; defaults are left
// out.
func (b *binder[P, O]) brief(params map[string]any) string {
	var pairs []string
	for i := range b.params.Fields {
		f := &b.params.Fields[i]
		value, ok := params[f.Name]
		if !ok || value == nil || f.Default != nil && schema.Same(value, f.Default) {
			continue
		}
		pairs = append(pairs, f.Name+"="+schema.Brief(value))
	}
	if b.params.Kind == schema.Map {
		for name, value := range params {
			pairs = append(pairs, name+"="+schema.Brief(value))
		}
		slices.Sort(pairs)
	}
	return strings.Join(pairs, "  ")
}

func (c *bound[P, O]) run(ctx context.Context, call Call) (result Result, err error) {
	defer caught(call.Log, c.spec.Name, AppliedLost, &err)
	outputs, err := c.spec.Run(ctx, call, c.params)
	if err != nil {
		return Result{}, err
	}
	return resultOf(outputs), nil
}

func (c *bound[P, O]) preview(ctx context.Context, call Call) (preview Preview, err error) {
	if c.spec.Preview == nil {
		return Preview{}, nil
	}
	defer caught(call.Log, c.spec.Name, AppliedNot, &err)
	preview, err = c.spec.Preview(ctx, call, c.params)
	return preview.cut(), err
}

func (c *bound[P, O]) subjects(ctx context.Context, call Call) (subjects []Subject, err error) {
	if c.spec.Subjects == nil {
		return nil, nil
	}
	defer caught(call.Log, c.spec.Name, AppliedNot, &err)
	return c.spec.Subjects(ctx, call, c.params)
}

func (c *bound[P, O]) settle(ctx context.Context, call Call, before []Subject) (applied Applied, result Result, err error) {
	applied = AppliedLost
	defer caught(call.Log, c.spec.Name, AppliedLost, &err)
	found, outputs, err := c.spec.Settle(ctx, call, c.params, before)
	if err != nil {
		return AppliedLost, Result{}, err
	}
	if outputs != nil {
		result = resultOf(*outputs)
	}
	return found, result, nil
}

func (c *bound[P, O]) look(call Call, subjects []Subject) string {
	if c.spec.Look == nil {
		return ""
	}
	return c.spec.Look(call, c.params, subjects)
}

func resultOf[O any](outputs O) Result {
	result := Result{}
	result.Outputs, _ = schema.Encode(outputs).(map[string]any)
	if self, ok := any(outputs).(summarizer); ok {
		result.Summary = self.Summary()
	} else if self, ok := any(&outputs).(summarizer); ok {
		result.Summary = self.Summary()
	}
	if self, ok := any(outputs).(idler); ok && self.Nothing() {
		result.Summary += ": nothing changed"
	}
	return result
}

// caught turns a panic of an action into a Failure. The stack goes to the log,
// which people see with -vv only.
func caught(log *slog.Logger, name string, applied Applied, err *error) {
	r := recover()
	if r == nil {
		return
	}
	if log != nil {
		log.Debug("the action panicked", "action", name, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	}
	*err = &Failure{
		Applied: applied, Final: true,
		What: "the action " + name + " panicked, this is a fault of runbook",
		Seen: []string{firstLine(fmt.Sprint(r))},
		Do:   []string{"report it with the output of the same command with -vv"},
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
