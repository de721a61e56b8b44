package run

import (
	"testing"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/schema"
)

// A digest is of one run, step, environment, target, action, parameters and subjects:
// an approval of one is none of another.
func TestDigestsBindWhereAndWhat(t *testing.T) {
	digest := func(change func(*work, *[]action.Subject)) string {
		params := &schema.Type{Kind: schema.Object, Fields: []schema.Field{{Name: "text", Type: &schema.Type{Kind: schema.String}}}}
		w := &work{
			frame: frame{runner: &runner{Options: Options{Environment: &environment.Environment{Name: "here"}, Key: []byte("key")}}, in: &instance{path: "x"}},
			op:    &operation{action: &action.Action{Name: "box.put", Params: params}, target: action.Target{Address: "127.0.0.1:7"}, params: map[string]any{"text": "a"}},
		}
		subjects := []action.Subject{{Kind: "box", Name: "b", ID: "1", Version: "2"}}
		change(w, &subjects)
		return w.digest(subjects)
	}
	seen := map[string]string{digest(func(*work, *[]action.Subject) {}): "nothing"}
	for name, change := range map[string]func(*work, *[]action.Subject){
		"the run":         func(w *work, _ *[]action.Subject) { w.Header.Run = "other" },
		"the step":        func(w *work, _ *[]action.Subject) { w.in.path = event.Path("y") },
		"the environment": func(w *work, _ *[]action.Subject) { w.Environment.Name = "there" },
		"the address":     func(w *work, _ *[]action.Subject) { w.op.target.Address = "127.0.0.1:8" },
		"the action":      func(w *work, _ *[]action.Subject) { w.op.action.Name = "box.drop" },
		"the parameters":  func(w *work, _ *[]action.Subject) { w.op.params["text"] = "b" },
		"a version":       func(_ *work, s *[]action.Subject) { (*s)[0].Version = "3" },
		"a subject less":  func(_ *work, s *[]action.Subject) { *s = nil },
	} {
		d := digest(change)
		if other, ok := seen[d]; ok {
			t.Errorf("with %s changed the digest is that with %s changed", name, other)
		}
		seen[d] = name
	}
}
