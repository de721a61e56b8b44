package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/redact"
	"runbook/engine/schema"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("JOURNAL_TEST_ENDLESS"); path != "" {
		appendForever(path)
	}
	if dir := os.Getenv("JOURNAL_TEST_LOCK"); dir != "" {
		os.Exit(lockOnce(dir))
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func openState(t testing.TB) *journal.State {
	t.Helper()
	s, err := journal.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func header(run string) *event.Event {
	return &event.Event{Time: noon, Type: event.TypeRunCreated, Data: &event.RunCreated{
		Schema: 1, Run: run, Playbook: "memory-leak", Title: "Memory <leak> & more", Engine: "0.1.0", User: "maria", Host: "ops-1",
		Sources: []event.Source{{Name: "memory-leak", SHA256: "4be1"}}, Environment: event.Environment{Name: "production"},
	}}
}

// facts are the facts of a small run, one of many types.
func facts(run string) []*event.Event {
	return []*event.Event{
		header(run),
		{Type: event.TypePlan, Data: &event.Plan{Steps: []event.Step{{Path: "memory", Kind: event.KindAction, Effect: action.Read}}}},
		{Type: event.TypeOwner, Data: &event.Owner{PID: 7, Host: "ops-1", User: "maria"}},
		{Type: event.TypeStepStarted, Path: "memory", Data: &event.StepStarted{Brief: "docker.stats app"}},
		{Type: event.TypeResult, Path: "memory", Attempt: 1, Data: &event.Result{Outputs: json.RawMessage(`{"n":1}`), Duration: time.Second}},
		{Type: event.TypeCheck, Path: `each["é\"\u2028"]`, Data: &event.Check{Kind: "verify", That: "a < 5", Verdict: event.Held}},
		{Type: event.TypeIntent, Path: "recover/2", Attempt: 1, Data: &event.Intent{Action: "docker.restart", Effect: action.Write, Digest: "d"}},
		{Type: event.TypeOutcome, Path: "recover/2", Attempt: 1, Data: &event.Outcome{Applied: action.AppliedFully}},
		{Type: event.TypeStepFinished, Path: "recover", Data: &event.StepFinished{State: event.Passed}},
		{Type: event.TypeRunFinished, Data: &event.RunFinished{
			Schema: 1, State: event.Done, Duration: time.Minute, Warnings: []event.Finding{{Step: "healthy"}},
			Changes: []event.Change{{Step: "recover/2"}, {Step: "finally/1", Phase: "finally"}},
		}},
	}
}

func appendAll(t testing.TB, w *journal.Writer, events []*event.Event) {
	t.Helper()
	for _, ev := range events {
		if err := w.Append(ev); err != nil {
			t.Fatal(err)
		}
	}
}

// write writes a run of events and returns the path of its journal.
func write(t testing.TB, s *journal.State, o journal.Options, events func(run string) []*event.Event) string {
	t.Helper()
	w, err := s.Create(o)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, events(w.Run()))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Path()
}

func TestReadGivesWhatWasAppended(t *testing.T) {
	s := openState(t)
	var wrote []*event.Event
	path := write(t, s, journal.Options{}, func(run string) []*event.Event {
		wrote = facts(run)
		return wrote
	})
	l, err := journal.Read(path)
	if err != nil || l.Torn != 0 || len(l.Events) != len(wrote) {
		t.Fatalf("%d events, torn %d, %v", len(l.Events), l.Torn, err)
	}
	for i, ev := range l.Events {
		if ev.Sequence != uint64(i+1) || !reflect.DeepEqual(ev, *wrote[i]) {
			t.Errorf("record %d: %+v, want %+v", i+1, ev, *wrote[i])
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the directory %v, %v", info.Mode(), err)
	}
}

// TestFormat pins the format: it is final.
func TestFormat(t *testing.T) {
	s := openState(t)
	path := write(t, s, journal.Options{ID: "20261124-k7qm"}, func(run string) []*event.Event {
		return []*event.Event{
			{Time: noon, Type: event.TypeOwner, Data: &event.Owner{PID: 7, Host: "a<b", User: "maria"}},
			{Time: noon.Add(1500 * time.Microsecond), Type: event.TypePhase, Path: "each[1]", Attempt: 2, Data: &event.PhaseBegan{Name: "undo"}},
			{Time: noon, Type: event.TypeOwner},
		}
	})
	const want = `{"sequence":1,"time":"2026-11-24T12:00:00Z","type":"owner","data":{"pid":7,"host":"a<b","user":"maria"},"before":"0000000000000000","crc":"4d1c9eda"}
{"sequence":2,"time":"2026-11-24T12:00:00.0015Z","type":"phase","path":"each[1]","attempt":2,"data":{"name":"undo"},"before":"37f6518536b90715","crc":"c917cbc5"}
{"sequence":3,"time":"2026-11-24T12:00:00Z","type":"owner","synced":1,"before":"45fb9a8da0248c49","crc":"a08447c0"}
`
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	for line := range strings.Lines(string(got)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// Ids differ as long as their journals are there; that of a discarded one may be
// made again, which in 300 of a million happens in every twentieth test.
func TestIDs(t *testing.T) {
	s := openState(t)
	journals := map[string]*journal.Writer{}
	for range 300 {
		w, err := s.Create(journal.Options{Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		id := w.Run()
		if journals[id] != nil || len(id) != 13 || !strings.HasPrefix(id, "20261124-") || strings.ContainsAny(id[9:], "ilou") {
			t.Errorf("id %s", id)
		}
		journals[id] = w
	}
	for _, w := range journals {
		if err := w.Discard(); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := s.IDs(); err != nil || len(ids) != 0 {
		t.Errorf("discarded runs are left: %v, %v", ids, err)
	}
	o := journal.Options{ID: "20261124-aaaa"}
	write(t, s, o, facts)
	if _, err := s.Create(o); !errors.Is(err, os.ErrExist) {
		t.Errorf("an id was given twice: %v", err)
	}
}

func TestRedactedEverywhere(t *testing.T) {
	const secret = `hunter2"hunter2`
	s := openState(t)
	r := redact.New(schema.NewSecret("token", secret))
	for _, w := range []*journal.Writer{create(t, s, journal.Options{Redactor: r}), journal.Memory(journal.Options{Redactor: r})} {
		var seen []event.Event
		w.Subscribe(func(ev event.Event) { seen = append(seen, ev) })
		appendAll(t, w, []*event.Event{header(w.Run()), {Type: event.TypeResult, Data: &event.Result{Summary: "got " + secret}}})
		w.Transient(event.Event{Type: event.TypeLog, Data: &event.Log{Text: secret}})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := seen[1].Data.(*event.Result).Summary; got != "got (secret token)" {
			t.Errorf("observed %s", got)
		}
		if got := seen[2].Data.(*event.Log).Text; got != "(secret token)" {
			t.Errorf("observed %s", got)
		}
		if w.Path() == "" {
			continue
		}
		if text, err := os.ReadFile(w.Path()); err != nil || strings.Contains(string(text), "hunter2") {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

func create(t testing.TB, s *journal.State, o journal.Options) *journal.Writer {
	t.Helper()
	w, err := s.Create(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestObserversGetEveryFactInOrder(t *testing.T) {
	w := create(t, openState(t), journal.Options{})
	var order []uint64
	transient := 0
	w.Subscribe(func(ev event.Event) {
		if ev.Sequence == 0 {
			transient++
			return
		}
		order = append(order, ev.Sequence)
		time.Sleep(time.Microsecond)
	})
	const n = 500
	for range n {
		appendAll(t, w, []*event.Event{{Type: event.TypePhase, Data: &event.PhaseBegan{Name: "undo"}}})
		w.Transient(event.Event{Type: event.TypeProgress, Data: &event.Progress{}})
	}
	appendAll(t, w, []*event.Event{{Type: event.TypeRunFinished, Data: &event.RunFinished{}}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(order) != n+1 || !slices.IsSorted(order) {
		t.Errorf("%d facts, sorted %v", len(order), slices.IsSorted(order))
	}
	if transient == 0 {
		t.Error("no transient fact was shown")
	}
}

func TestTransientFactsAreBounded(t *testing.T) {
	w := journal.Memory(journal.Options{})
	unblock := make(chan struct{})
	transient, kept := 0, 0
	w.Subscribe(func(ev event.Event) {
		<-unblock
		if ev.Sequence == 0 {
			transient++
		} else {
			kept++
		}
	})
	for range 5000 {
		w.Transient(event.Event{Type: event.TypeLog, Data: &event.Log{}})
		appendAll(t, w, []*event.Event{{Type: event.TypePhase}})
	}
	close(unblock)
	if err := w.Close(); err != nil || kept != 5000 || transient < 1000 || transient > 2100 {
		t.Errorf("%d facts and %d transient ones, %v", kept, transient, err)
	}
}

func TestMemoryWritesNothing(t *testing.T) {
	w := journal.Memory(journal.Options{})
	count := 0
	w.Subscribe(func(event.Event) { count++ })
	appendAll(t, w, facts(w.Run()))
	if err := errors.Join(w.Reserve(1<<60), w.Close()); err != nil || count != 10 || w.Path() != "" || len(w.Run()) != 13 {
		t.Errorf("%d facts, path %q, run %q, %v", count, w.Path(), w.Run(), err)
	}
	if err := w.Append(header("x")); err == nil {
		t.Error("a closed journal took a fact")
	}
}

func TestResumeGoesOn(t *testing.T) {
	s := openState(t)
	w := create(t, s, journal.Options{})
	appendAll(t, w, facts(w.Run())[:6])
	if _, _, err := s.Resume(w.Run(), journal.Options{}); err == nil || !strings.Contains(err.Error(), "is running") {
		t.Errorf("a run with an owner was resumed: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(w.Path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"sequence":7,"ti` + strings.Repeat("x", 9000)); err != nil {
		t.Fatal(err)
	}
	file.Close()
	again, l, err := s.Resume(w.Run(), journal.Options{})
	if err != nil || l.Torn != 9017 || len(l.Events) != 6 {
		t.Fatalf("%+v, %v", l, err)
	}
	appendAll(t, again, facts(w.Run())[6:])
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = journal.Read(w.Path()); err != nil || l.Torn != 0 || len(l.Events) != 10 {
		t.Errorf("%d events, torn %d, %v", len(l.Events), l.Torn, err)
	}
}

func lockOnce(dir string) int {
	s, err := journal.Open(dir)
	if err != nil {
		return 1
	}
	l, err := s.Lock(context.Background(), journal.LockRequest{
		Keys: []string{"container/app"}, Holder: journal.Holder{Run: "20261124-" + os.Getenv("JOURNAL_TEST_RUN"), PID: os.Getpid()},
	})
	var locked *journal.LockedError
	switch {
	case errors.As(err, &locked):
		return 4
	case err != nil:
		return 1
	}
	defer l.Release(true)
	os.Stdout.WriteString("held\n")
	_, _ = os.Stdin.Read(make([]byte, 1))
	return 0
}

func appendForever(dir string) {
	s, err := journal.Open(dir)
	if err != nil {
		os.Exit(1)
	}
	w, err := s.Create(journal.Options{})
	if err != nil {
		os.Exit(1)
	}
	for i := range 1 << 30 {
		ev := event.Event{Type: event.TypePhase, Data: &event.PhaseBegan{Name: event.Phase(strings.Repeat("x", i%300))}}
		if i%7 == 0 {
			ev = event.Event{Type: event.TypeIntent, Path: "a", Data: &event.Intent{}}
		}
		if err := w.Append(&ev); err != nil {
			os.Exit(1)
		}
		if ev.Type.Synced() {
			os.Stdout.WriteString(".")
		}
	}
}

// What is JSON already goes into a record as it is, and the whole record is what the
// payload is; who looks on is given it encoded.
func TestPayloadsThatAreJSONAlready(t *testing.T) {
	outputs := json.RawMessage(`{"body":"<a> & hunter22 \"q\"","n":1}`)
	for name, data := range map[string]any{
		"a result": &event.Result{Outputs: outputs, Summary: "s", Duration: 1}, "nothing": &event.Result{}, "on lines": &event.Result{Outputs: json.RawMessage("{\n\"n\": 1}")},
		"an observation": &event.Observation{Outputs: outputs, Before: true}, "an outcome": &event.Outcome{Outputs: outputs, Applied: action.AppliedFully, Undo: outputs},
		"items": &event.Expanded{Items: []string{"a"}, Value: outputs}, "none": &event.Expanded{Value: json.RawMessage("[]")},
	} {
		for _, secrets := range []*redact.Redactor{nil, redact.New(schema.NewSecret("p", "hunter22"))} {
			plain, err := json.Marshal(data)
			if err != nil {
				t.Fatal(err)
			}
			want := reflect.New(reflect.TypeOf(data).Elem()).Interface()
			if err := json.Unmarshal(secrets.JSON(plain), want); err != nil {
				t.Fatal(err)
			}
			w, err := openState(t).Create(journal.Options{Redactor: secrets})
			if err != nil {
				t.Fatal(err)
			}
			var text []byte
			w.Subscribe(func(ev event.Event) { text = ev.Text })
			appendAll(t, w, []*event.Event{{Type: typeOf(data), Data: data}})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			log, err := journal.Read(w.Path())
			if err != nil || len(log.Events) != 1 {
				t.Fatalf("%s: %v", name, err)
			}
			seen := reflect.New(reflect.TypeOf(data).Elem()).Interface()
			if err := json.Unmarshal(text, seen); err != nil {
				t.Fatalf("%s: %s: %v", name, text, err)
			}
			for _, got := range []any{log.Events[0].Data, seen} {
				g, _ := json.Marshal(got)
				if x, _ := json.Marshal(want); string(g) != string(x) {
					t.Errorf("%s: %s, want %s", name, g, x)
				}
			}
		}
	}
}

func typeOf(data any) event.Type {
	switch data.(type) {
	case *event.Observation:
		return event.TypeObservation
	case *event.Outcome:
		return event.TypeOutcome
	case *event.Expanded:
		return event.TypeExpanded
	}
	return event.TypeResult
}
