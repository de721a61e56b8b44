package launch

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/run"
	"runbook/engine/schema"
)

type told struct {
	Key schema.Secret `yaml:"key" doc:"A secret."`
}

// tell is an action that puts all secrets that it is given into its output.
func tell(kind *action.TargetKind) *action.Action {
	return action.New(action.Spec[told, note]{
		Name: "box.tell", Summary: "Tells.", Example: "action: box.tell", Target: kind, Effect: action.Read,
		Run: func(_ context.Context, call action.Call, p told) (note, error) {
			password, _ := call.Target.Config["password"].(schema.Secret)
			call.Log.Info("it is " + password.Reveal())
			return note{Text: "told " + p.Key.Reveal() + " and " + password.Reveal()}, nil
		},
	})
}

// TestNoSecretLeavesARun holds that neither those of the environment nor those among
// the inputs are in the journal, in what who follows the run is told, or in what a later
// step reads of them.
func TestNoSecretLeavesARun(t *testing.T) {
	k := newKit(t)
	q := k.request(t, "tells", "told", "key=hunter22-of-the-inputs")
	var facts []byte
	path := ""
	q.Watch = func(b *Began) run.Person {
		path = b.Path
		b.Subscribe(func(e event.Event) {
			line, err := json.Marshal(e)
			if err != nil {
				t.Error(err)
			}
			facts = append(facts, line...)
		})
		return nil
	}
	fin, err := k.Run(t.Context(), q)
	written, read := os.ReadFile(path)
	if err != nil || read != nil || fin.ExitCode != 0 || !strings.Contains(string(facts), "told (secret key) and (secret pass)") {
		t.Fatalf("%+v, %v, %v: %s", fin, err, read, facts)
	}
	for _, text := range []string{string(facts), string(written)} {
		if strings.Contains(text, "hunter22") {
			t.Errorf("a secret is in %s", text)
		}
	}
}

// failing is a journal that fails at a fact of some type.
type failing struct {
	run.Journal
	at event.Type
}

func (f *failing) Append(e *event.Event) error {
	if e.Type == f.at {
		return errors.New("no space left on device")
	}
	return f.Journal.Append(e)
}

// TestLocksOutliveWhatDidNotEnd holds that another run may not take the lock of one
// that is in doubt, waits, or lost its journal after an intent; and may where it ended.
func TestLocksOutliveWhatDidNotEnd(t *testing.T) {
	for name, c := range map[string]struct {
		playbook string
		change   func(*kit, *Request)
		code     int
		kept     bool
	}{
		"done":    {playbook: "kept"},
		"waiting": {playbook: "waits", code: 3, kept: true},
		"in doubt": {playbook: "kept", code: 6, kept: true, change: func(k *kit, q *Request) {
			k.box.hold = make(chan struct{})
			stop := make(chan run.Signal)
			q.Stop = stop
			go func() {
				<-k.box.began
				for range 2 {
					stop <- run.Signal{Name: "SIGINT", Code: 130}
				}
			}()
		}},
		"its journal failed": {playbook: "kept", code: 5, kept: true, change: func(_ *kit, q *Request) {
			q.Through = func(j run.Journal) run.Journal { return &failing{j, event.TypeOutcome} }
		}},
		"its journal failed at its head": {playbook: "kept", code: 5, change: func(_ *kit, q *Request) {
			q.Through = func(j run.Journal) run.Journal { return &failing{j, event.TypeRunCreated} }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			q := k.request(t, c.playbook, "told")
			if c.change != nil {
				c.change(k, &q)
			}
			fin, err := k.Run(t.Context(), q)
			code := fin.ExitCode
			var r *Refusal
			if errors.As(err, &r) {
				code = r.Code()
			}
			if code != c.code {
				t.Errorf("exit %d, want %d: %+v, %v", code, c.code, fin, err)
			}
			locks, err := q.State.Lock(t.Context(), journal.LockRequest{Keys: []string{"kept"}, Holder: journal.Holder{Run: "20260105-next", Environment: "told"}})
			var held *journal.LockedError
			if errors.As(err, &held) != c.kept || err == nil == c.kept {
				t.Errorf("the lock is kept %v: %v", !c.kept, err)
			}
			if err == nil {
				_ = locks.Release(true)
			}
		})
	}
}

// TestNothingIsSentWhenALockIsLost holds that a run asks for its locks before an
// effect: where the file of one is gone, nothing is sent.
func TestNothingIsSentWhenALockIsLost(t *testing.T) {
	k := newKit(t)
	q := k.request(t, "kept", "told")
	q.Through = func(j run.Journal) run.Journal {
		return &before{j, event.TypeStepStarted, func() {
			for _, file := range k.files(t, "locks") {
				if err := os.Remove(file); err != nil {
					t.Error(err)
				}
			}
		}}
	}
	fin, err := k.Run(t.Context(), q)
	if err != nil || fin.ExitCode != 1 || k.box.calls != 0 || fin.Failure == nil || !fin.Failure.LockLost || !strings.Contains(fin.Failure.What, "the lock kept is lost") {
		t.Errorf("%+v, %v, %d calls: %+v", fin, err, k.box.calls, fin.Failure)
	}
}

// before does something before a fact of some type is written.
type before struct {
	run.Journal
	at event.Type
	do func()
}

func (b *before) Append(e *event.Event) error {
	if e.Type == b.at {
		b.do()
	}
	return b.Journal.Append(e)
}
