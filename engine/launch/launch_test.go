package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/run"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is a target that counts who talks to it, and its clients.
type box struct {
	mu                    sync.Mutex
	calls, opened, closed int
	hold                  chan struct{} // an action waits for it; nil: none does
	began                 chan string   // the runs whose action has begun
}

func (b *box) count(n *int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*n++
}

// Close implements io.Closer, for the client.
func (b *box) Close() error { b.count(&b.closed); return nil }

type note struct {
	Text string `yaml:"text" doc:"What is noted."`
}

// kit is a launcher over the actions of a box, and a place for its state.
type kit struct {
	*Launcher
	box   *box
	state string
	leave func()         // cancels the start
	held  *journal.Locks // of another run: what nobody keeps is let go of
}

const env = `
environments:
  here:
    targets: {box: {url: "http://box"}}
    vars: {who: alice}
    policy: {deny: [box.drop], approve: [], allow: [read, write]}
  bare:
    vars: {who: alice}
  looked:
    targets: {box: {url: "http://box"}}
    policy: {deny: box.look}
  unasked:
    targets: {box: {url: "http://box"}}
    policy: {allow: [box.write, box.drop]}
  family:
    targets: {box: {url: "http://box"}}
    vars: {who: alice}
    policy: {deny: box.*}
  readonly:
    targets: {box: {url: "http://box"}}
    policy: {allow: read, deny: [write, destructive]}
  listed:
    targets: {box: {url: "http://box", reads: "POST /a"}}
  guarded:
    protected: true
    targets: {box: {url: "http://box"}}
    vars: {who: alice}
  short:
    targets: {box: {url: "http://box", password: {secret: few}}}
    vars: {who: alice}
    secrets: {few: {command: [echo, few]}}
  weak:
    targets: {box: {url: "http://box", password: {secret: few}}, away: {kind: box, url: "http://away", password: {secret: gone}}}
    vars: {who: alice, other: {secret: gone}}
    secrets: {few: {command: [echo, few], weak: true}, gone: {env: RUNBOOK_NO_SUCH_VARIABLE}}
  told:
    targets: {box: {url: "http://box", password: {secret: pass}}}
    vars: {who: alice}
    secrets: {pass: {command: [echo, hunter22-of-the-target]}}
  secret:
    targets: {box: {url: "http://box", password: {secret: gone}}}
    vars: {who: alice}
    secrets: {gone: {env: RUNBOOK_NO_SUCH_VARIABLE}}
`

// playbooks of the kit, as their steps.
func shelved() fstest.MapFS {
	head := func(name, more string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("playbook: " + name + "\ntitle: t\npurpose: p\nexpected: e\n" + more)}
	}
	return fstest.MapFS{
		"a/write.yaml":   head("write", "lock: ['box/${{ inputs.text }}', 'of/${{ vars.who }}']\ninputs: {text: {type: string, default: a}}\nsteps: [{id: put, action: box.write, with: {text: '${{ inputs.text }}'}}]\n"),
		"a/asks.yaml":    head("asks", "inputs: {text: {type: string, min: 2}, many: {type: int, max: 3, default: 1}, key: {type: secret}}\nsteps: [{action: box.write, with: {text: '${{ inputs.text }} ${{ inputs.many }}'}}]\n"),
		"a/drops.yaml":   head("drops", "steps: [{id: first, action: box.write, with: {text: a}}, {id: inner, call: dropper}]\n"),
		"a/dropper.yaml": head("dropper", "steps: [{id: drop, action: box.drop, approve: true, with: {text: a}}]\n"),
		"a/odd.yaml":     head("odd", "lock: ['${{ split(inputs.text, \",\")[3] }}']\ninputs: {text: {type: string, default: a}}\nsteps: [{action: box.write, with: {text: a}}]\n"),
		"a/look.yaml":    head("look", "steps: [{action: box.look, with: {text: a}}]\n"),
		"a/wrong.yaml":   head("wrong", "steps: [{action: box.wriet, with: {text: a}}]\n"),
		"a/tells.yaml":   head("tells", "inputs: {key: {type: secret}}\nsteps: [{id: tell, action: box.tell, with: {key: '${{ inputs.key }}'}}, {id: next, action: box.look, with: {text: '${{ steps.tell.outputs.text }}'}, verify: [\"outputs.text == 'told (secret key) and (secret pass)'\"]}]\n"),
		"a/waits.yaml":   head("waits", "lock: kept\nsteps: [{action: box.write, approve: true, with: {text: a}}]\n"),
		"a/kept.yaml":    head("kept", "lock: kept\nsteps: [{action: box.write, with: {text: a}}]\n"),
		"a/milds.yaml":   head("milds", "inputs: {text: {type: string, default: look}}\nsteps: [{id: asked, action: box.mild, with: {text: '${{ inputs.text }}'}}, {id: sure, action: box.mild, with: {text: look}}]\n"),
		"a/first.yaml":   head("first", "inputs: {text: {type: string, default: look}}\nprerequisites: [{id: asks, call: milds, with: {text: '${{ inputs.text }}'}}]\nsteps: [{action: box.look, with: {text: a}}]\n"),
		"a/harms.yaml":   head("harms", "steps: [{id: first, action: box.mild, with: {text: look}}, {id: put, action: box.mild, with: {text: change}}]\n"),
		"a/watch.yaml":   head("watch", "steps: [{id: put, action: box.write, with: {text: a}, observe: {action: box.look, with: {text: a}}, verify: [observed.text == \"a\"]}]\n"),
		"a/calls.yaml":   head("calls", "inputs: {text: {type: string, default: c}}\nlock: own\nsteps: [{id: one, call: write, with: {text: '${{ inputs.text }}'}}, {id: two, needs: [], call: write, with: {text: '${{ inputs.text }}'}}, {id: read, action: box.write, with: {text: x}}, {action: box.write, with: {text: y}, undo: {call: kept}}]\n"),
	}
}

func newKit(t testing.TB) *kit {
	t.Helper()
	b := &box{began: make(chan string, 8)}
	kind := &action.TargetKind{
		Name: "box", Summary: "A box.", Requests: true,
		Config:  schema.ObjectOf(schema.Field{Name: "url", Type: schema.StringType, Required: true}, schema.Field{Name: "password", Type: schema.SecretType.AsOptional()}),
		Address: func(config map[string]any) (string, []string) { return fmt.Sprint(config["url"]), nil },
	}
	act := func(name string, effect action.Effect) *action.Action {
		spec := action.Spec[note, note]{
			Name: name, Summary: "Notes.", Example: "action: " + name, Target: kind, Effect: effect,
			Preview: func(context.Context, action.Call, note) (action.Preview, error) {
				return action.Preview{Summary: name}, nil
			},
			Run: func(ctx context.Context, call action.Call, p note) (note, error) {
				_, err := action.Client(call, "box", func() (*box, error) { b.count(&b.opened); return b, nil })
				if err != nil {
					return p, err
				}
				b.count(&b.calls)
				b.began <- call.Run
				if b.hold == nil {
					return p, nil
				}
				select {
				case <-b.hold:
					return p, nil
				case <-ctx.Done():
					return p, ctx.Err()
				}
			},
		}
		if name == "box.mild" {
			spec.EffectAt = func(at action.Target, p note) action.Effect {
				if at.Kind == "box" && (p.Text == "look" || len(at.Reads) > 0) {
					return action.Read
				}
				return effect
			}
		}
		return action.New(spec)
	}
	registry, err := action.NewRegistry([]*action.Action{tell(kind), act("box.look", action.Read), act("box.write", action.Write), act("box.drop", action.Destructive), act("box.mild", action.Write)})
	if err != nil {
		t.Fatal(err)
	}
	return &kit{Launcher: New(registry, NewCatalogue(nil, shelved(), "here"), "test"), box: b, state: t.TempDir()}
}

// request asks for a run of a playbook in an environment.
func (k *kit) request(t testing.TB, name, in string, texts ...string) Request {
	t.Helper()
	e, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(env)}, in, k.Registry)
	if err != nil || list.Errors() > 0 {
		t.Fatal(err, list)
	}
	state, err := journal.Open(k.state)
	if err != nil {
		t.Fatal(err)
	}
	return Request{
		Environment: e, Inputs: Texts(texts, func(from string) (string, error) { return from, nil }), Command: event.Command{Playbook: name, Flags: []string{"--env", in}},
		Who: Who{User: "alice", Host: "here"}, State: state, Clock: action.SystemClock(),
	}
}

// files are what lies in the state directory.
func (k *kit) files(t testing.TB, in string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(k.state, in, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestStartsThatMustNotBegin holds for each reason its exit code and what is told,
// and that neither a target is contacted nor a journal left.
func TestStartsThatMustNotBegin(t *testing.T) {
	for name, c := range map[string]struct {
		playbook, env string
		inputs        []string
		change        func(*kit, *Request)
		code          int
		state         event.State
		want          []string
	}{
		"no such playbook":                {playbook: "wirte", env: "here", code: 2, state: "invalid", want: []string{`no playbook "wirte"`, "[write]", "here, 15 embedded"}},
		"no such file":                    {playbook: "./none.yaml", env: "here", code: 2, state: "invalid", want: []string{"cannot read ./none.yaml"}},
		"mistakes":                        {playbook: "wrong", env: "here", code: 2, state: "invalid", want: []string{"wrong is invalid: 1 error", `no action "box.wriet"`}},
		"all inputs wrong":                {playbook: "asks", env: "here", inputs: []string{"text=a", "mayn=1", "many=9", "key"}, code: 2, state: "invalid", want: []string{"5 inputs of asks are wrong", "-i many=1", "-i key has no value", "a text of 1 characters is too small", `no input "mayn"`}},
		"an input twice":                  {playbook: "asks", env: "here", inputs: []string{"text=ab", "key=k", "text=cd"}, code: 2, state: "invalid", want: []string{"input text is given twice"}},
		"an empty secret":                 {playbook: "asks", env: "here", inputs: []string{"text=ab", "key="}, code: 2, state: "invalid", want: []string{"input key: the secret is empty"}},
		"protected":                       {playbook: "write", env: "guarded", code: 2, state: "invalid", want: []string{"guarded is protected", "runbook run write --env guarded"}},
		"no target":                       {playbook: "write", env: "bare", code: 2, state: "invalid", want: []string{"environment bare has no target box", "box.write at step put", "environments.bare.targets.box"}},
		"denied, in a callee":             {playbook: "drops", env: "here", code: 3, state: event.Refused, want: []string{"denies box.drop", "runbook.yaml:6:21  deny: box.drop", "needed by step inner/drop, a/dropper.yaml:5:9", "runbook run drops --env here --dry-run"}},
		"denied, as a family":             {playbook: "write", env: "family", code: 3, state: event.Refused, want: []string{"denies box.write", "deny: box.*"}},
		"denied, as its values are fixed": {playbook: "harms", env: "readonly", code: 3, state: event.Refused, want: []string{"denies box.mild", "deny: write", "needed by step put"}},
		"denied, as a look":               {playbook: "watch", env: "looked", code: 3, state: event.Refused, want: []string{"denies box.look", "deny: box.look", "needed by step put"}},
		"a look that would ask":           {playbook: "watch", env: "unasked", code: 3, state: event.Refused, want: []string{"asks before box.look, and an `observe` cannot ask", "runbook.yaml, which allows nothing of it", "needed by step put"}},
		"a prerequisite that changes":     {playbook: "first", env: "here", inputs: []string{"text=change"}, code: 2, state: "invalid", want: []string{"first is invalid: 1 error", "milds does not: at asks/asked the effect of box.mild is write", "a/first.yaml:6:17", "runbook validate first"}},
		"inputs before policy":            {playbook: "drops", env: "here", inputs: []string{"x=1"}, code: 2, state: "invalid", want: []string{`drops has no input "x"`}},
		"a secret that is gone":           {playbook: "write", env: "secret", code: 2, state: "invalid", want: []string{"secret gone", "$RUNBOOK_NO_SUCH_VARIABLE is not set"}},
		"a secret that is weak":           {playbook: "write", env: "short", code: 2, state: "invalid", want: []string{"secret few, runbook.yaml:", "shorter than 8 bytes", "weak: true"}},
		"a lock without a value":          {playbook: "odd", env: "here", code: 2, state: "invalid", want: []string{"the lock ${{ split(inputs.text, \",\")[3] }} has no value", "a/odd.yaml:5:8"}},
		"locked":                          {playbook: "write", env: "here", change: (*kit).occupy, code: 4, state: "locked", want: []string{"box/a is held by another run", "run 20260105-aaaa of other, by bob on there", "run write --env here --wait 10m", "runbook report 20260105-aaaa"}},
		"policy before locks":             {playbook: "drops", env: "here", change: (*kit).occupy, code: 3, state: event.Refused, want: []string{"denies box.drop"}},
		"locked, and a signal": {playbook: "write", env: "here", change: func(k *kit, q *Request) {
			k.occupy(q)
			stop := make(chan run.Signal, 1)
			stop <- run.Signal{Name: "SIGTERM", Code: 143}
			q.Wait, q.Stop = time.Hour, stop
		}, code: 143, state: event.Cancelled, want: []string{"stopped by SIGTERM while it waited for a lock"}},
		"locked, and nobody waits": {playbook: "write", env: "here", change: func(k *kit, q *Request) {
			k.occupy(q)
			q.Wait = time.Hour
			q.Note = func(string, ...any) { k.leave() }
		}, code: 130, state: event.Cancelled, want: []string{"cancelled while it waited for a lock"}},
		"no journal": {playbook: "write", env: "here", change: func(k *kit, q *Request) {
			k.state = filepath.Join(k.state, "file")
			if err := os.WriteFile(k.state, nil, 0o600); err != nil {
				panic(err)
			}
			q.State, _ = journal.Open(k.state)
		}, code: 5, state: event.Failed, want: []string{"cannot write the journal"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			q := k.request(t, c.playbook, c.env, c.inputs...)
			if c.change != nil {
				c.change(k, &q)
			}
			began := false
			q.Watch = func(*Began) run.Person { began = true; return nil }
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			k.leave = leave
			fin, err := k.Run(ctx, q)
			var r *Refusal
			if !errors.As(err, &r) || fin.State != "" {
				t.Fatalf("it began: %v, %v", fin, err)
			}
			if got := r.Finished(); r.Code() != c.code || got.ExitCode != c.code || got.State != c.state || got.Failure.What != r.Failure.What || !slices.Equal(got.Failure.Facts, r.Failure.Facts) || !slices.Equal(got.Failure.Nearest, r.Failure.Nearest) || got.Reason == "" {
				t.Errorf("exit %d, want %d: %+v", r.Code(), c.code, got)
			}
			told := fmt.Sprint(r.Error(), r.Failure.Seen, r.Failure.Do, r.Failure.Where, r.Failure.Nearest, r.Failure.Facts, r.List, r.Notice)
			for _, want := range c.want {
				if !strings.Contains(told, want) {
					t.Errorf("it does not say %q: %s", want, told)
				}
			}
			if began || k.box.calls+k.box.opened > 0 {
				t.Errorf("began %v, %d calls", began, k.box.calls)
			}
			if left := k.files(t, "runs"); len(left) > 0 {
				t.Errorf("journals are left: %q", left)
			}
		})
	}
}

// TestValuesOfTheRunDecide holds that a change which a value may make milder is not
// refused before that value is known.
func TestValuesOfTheRunDecide(t *testing.T) {
	k := newKit(t)
	if fin, err := k.Run(t.Context(), k.request(t, "milds", "readonly")); err != nil || fin.State != event.Done || k.box.calls != 2 {
		t.Errorf("%+v, %v, %d calls", fin, err, k.box.calls)
	}
	for _, q := range []Request{k.request(t, "first", "here"), k.request(t, "first", "listed", "text=change")} { // prerequisites that read
		if fin, err := k.Run(t.Context(), q); err != nil || fin.State != event.Done {
			t.Errorf("%+v, %v", fin, err)
		}
	}
	k.box.calls = 2
	fin, err := k.Run(t.Context(), k.request(t, "milds", "readonly", "text=change"))
	if err != nil || fin.State != event.Refused || k.box.calls != 2 {
		t.Errorf("%+v, %v, %d calls", fin, err, k.box.calls)
	}
}

// occupy lets another run hold a lock of the playbook write.
func (k *kit) occupy(q *Request) {
	var err error
	k.held, err = q.State.Lock(context.Background(), journal.LockRequest{
		Keys: []string{"box/a"}, Holder: journal.Holder{Run: "20260105-aaaa", Playbook: "other", Environment: q.Environment.Name, User: "bob", Host: "there", PID: 7},
	})
	if err != nil {
		panic(err)
	}
}

// TestARunIsStartedAndEnded holds what the header says, that the locks of all that
// is called are taken and let go of, and that the journal holds it.
func TestARunIsStartedAndEnded(t *testing.T) {
	k := newKit(t)
	q := k.request(t, "calls", "here", "text=d")
	q.Named = true
	var notes []string
	var facts []event.Event
	var head event.RunCreated
	q.Note = func(format string, v ...any) { notes = append(notes, fmt.Sprintf(format, v...)) }
	q.Watch = func(b *Began) run.Person {
		head = b.Header
		b.Subscribe(func(e event.Event) { facts = append(facts, e) })
		if b.Path != filepath.Join(k.state, "runs", head.Run+".journal") {
			t.Errorf("the journal is %s", b.Path)
		}
		return nil
	}
	fin, err := k.Run(t.Context(), q)
	if err != nil || fin.State != event.Done || k.box.calls != 4 || len(fin.Changes) != 4 {
		t.Fatalf("%+v, %v", fin, err)
	}
	if want := []string{"own", "box/d", "of/alice", "kept"}; !slices.Equal(head.Lock, want) {
		t.Errorf("locks %q, want %q", head.Lock, want)
	}
	if len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
	if len(head.Sources) != 3 || head.Sources[1].Name != "a/write.yaml" || head.Effects.Writes != 4 || head.User != "alice" || head.Engine != "test" ||
		!head.Environment.ByFlag || len(head.Environment.Targets) != 1 || head.Inputs[0].Text != "d" || head.Inputs[0].Default {
		t.Errorf("the header is %+v", head)
	}
	if len(facts) == 0 || facts[0].Type != event.TypeRunCreated || facts[len(facts)-1].Type != event.TypeRunFinished {
		t.Errorf("%d facts", len(facts))
	}
	if sum, err := q.State.Find("last"); err != nil || sum.ID != head.Run || !sum.Ended() {
		t.Errorf("the journal has %+v, %v", sum, err)
	}
	if fin, err := k.Run(t.Context(), k.request(t, "calls", "here", "text=d")); err != nil || fin.ExitCode != 0 {
		t.Errorf("once more, under the same locks: %+v, %v", fin, err)
	}
	if k.box.opened != 2 || k.box.closed != 2 {
		t.Errorf("%d clients were opened, %d closed, of two runs one after the other", k.box.opened, k.box.closed)
	}
}

// TestADryRunLeavesNothing holds that a dry run takes no lock, makes no journal
// and shows what is denied.
func TestADryRunLeavesNothing(t *testing.T) {
	k := newKit(t)
	for _, name := range []string{"write", "drops"} {
		q := k.request(t, name, "here")
		k.occupyOnce(&q)
		q.DryRun = true
		fin, err := k.Run(t.Context(), q)
		if err != nil || fin.State != event.DryRun || k.box.calls > 0 {
			t.Errorf("%s: %+v, %v", name, fin, err)
		}
	}
	if left := k.files(t, "runs"); len(left) > 0 {
		t.Errorf("journals are left: %q", left)
	}
}

func (k *kit) occupyOnce(q *Request) {
	if found, _ := filepath.Glob(filepath.Join(k.state, "locks", "*")); len(found) == 0 {
		k.occupy(q)
	}
}

// TestRunsSideBySide holds that runs of one launcher share a client, that each
// keeps its own locks and signals, and that the last one closes the client.
func TestRunsSideBySide(t *testing.T) {
	k := newKit(t)
	k.box.hold = make(chan struct{})
	codes := make(chan int, 2)
	stop := make(chan run.Signal)
	for _, stop := range []chan run.Signal{nil, stop} {
		q := k.request(t, "look", "here")
		q.Stop = stop
		go func() {
			fin, err := k.Run(context.Background(), q)
			if err != nil {
				t.Error(err)
			}
			codes <- fin.ExitCode
		}()
	}
	if first, second := <-k.box.began, <-k.box.began; first == second {
		t.Errorf("two runs are called %s", first)
	}
	if k.box.opened != 1 || k.box.closed != 0 {
		t.Errorf("%d clients were opened, %d closed", k.box.opened, k.box.closed)
	}
	stop <- run.Signal{Name: "SIGINT", Code: 130}
	if code := <-codes; code != 130 || k.box.closed != 0 {
		t.Errorf("the run that was stopped exits %d, and %d clients are closed", code, k.box.closed)
	}
	close(k.box.hold)
	if code := <-codes; code != 0 {
		t.Errorf("the other one exits %d", code)
	}
	if k.box.opened != 1 || k.box.closed != 1 {
		t.Errorf("%d clients were opened, %d closed", k.box.opened, k.box.closed)
	}
}

// TestEndings holds the table of exit codes and its order.
func TestEndings(t *testing.T) {
	for _, c := range []struct {
		want    int
		applies []event.Ending
	}{
		{0, nil},
		{1, []event.Ending{event.EndWarned}},
		{3, []event.Ending{event.EndWarned, event.EndRefused}},
		{3, []event.Ending{event.EndFailed, event.EndWaiting}},
		{130, []event.Ending{event.EndWaiting, event.EndSignal, event.EndFailed}},
		{6, []event.Ending{event.EndSignal, event.EndDoubt}},
		{5, []event.Ending{event.EndDoubt, event.EndJournal, event.EndSignal}},
		{4, []event.Ending{event.EndLocked}},
		{2, []event.Ending{event.EndInvalid}},
	} {
		if got := event.First(c.applies...).Code(); got != c.want {
			t.Errorf("%v gives %d, want %d", c.applies, got, c.want)
		}
	}
}

// TestOnlyWhatIsReachedIsRead holds that a secret that the playbook cannot reach is
// not read, that one that is weak is told of once, and that a dry run starts no
// command for a secret.
func TestOnlyWhatIsReachedIsRead(t *testing.T) {
	k := newKit(t)
	for dry, want := range map[bool]string{false: "the secret few is weak", true: ""} {
		var notes []string
		q := k.request(t, "write", "weak")
		q.DryRun = dry
		q.Note = func(format string, v ...any) { notes = append(notes, fmt.Sprintf(format, v...)) }
		var states []action.Preview
		q.Watch = func(b *Began) run.Person {
			b.Subscribe(func(e event.Event) {
				if f, ok := e.Data.(*event.StepFinished); ok && f.Preview != nil {
					states = append(states, *f.Preview)
				}
			})
			return nil
		}
		if fin, err := k.Run(t.Context(), q); err != nil || fin.ExitCode != 0 {
			t.Errorf("dry %v: %+v, %v", dry, fin, err)
		}
		if told := strings.Join(notes, "\n"); !strings.HasPrefix(told, want) || len(notes) > 1 || want == "" && told != "" {
			t.Errorf("dry %v: notes %q", dry, notes)
		}
		if dry && (len(states) != 1 || !strings.Contains(states[0].Summary, "the secret few comes from a command")) {
			t.Errorf("previewed: %+v", states)
		}
	}
}
