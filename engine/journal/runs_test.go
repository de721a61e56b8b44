package journal_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
)

func firstFacts(n int) func(run string) []*event.Event {
	return func(run string) []*event.Event { return facts(run)[:n] }
}

func suspended(state event.State) func(run string) []*event.Event {
	return func(run string) []*event.Event {
		return append(facts(run)[:8], &event.Event{Type: event.TypeRunSuspended, Data: &event.RunSuspended{
			RunFinished: event.RunFinished{State: state, ExitCode: 6, Step: "recover/2"},
		}})
	}
}

func TestSummary(t *testing.T) {
	for name, test := range map[string]struct {
		events   func(run string) []*event.Event
		state    event.State
		changes  int
		warnings int
		step     event.Path
		ended    bool
	}{
		"done":                  {events: facts, state: event.Done, changes: 2, warnings: 1, ended: true},
		"interrupted at once":   {events: firstFacts(1), state: event.Interrupted},
		"after a read":          {events: firstFacts(5), state: event.Interrupted, step: "memory"},
		"after an intent":       {events: firstFacts(7), state: event.Interrupted, step: "recover/2"},
		"after an outcome":      {events: firstFacts(8), state: event.Interrupted, changes: 1, step: "recover/2"},
		"in doubt":              {events: suspended(event.InDoubt), state: event.InDoubt, step: "recover/2"},
		"waiting":               {events: suspended(event.Waiting), state: event.Waiting, step: "recover/2"},
		"a last record of 1 MB": {events: largeEnd, state: event.Failed, ended: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openState(t)
			write(t, s, journal.Options{ID: "20261124-k7qm"}, test.events)
			for _, ref := range []string{"last", "k7qm", "20261124-k7qm"} {
				sum, err := s.Find(ref)
				if err != nil || sum.Err != nil {
					t.Fatal(err, sum.Err)
				}
				if sum.State != test.state || sum.Changes != test.changes || sum.Warnings != test.warnings || sum.Step != test.step || sum.Ended() != test.ended {
					t.Errorf("%+v", sum)
				}
				if sum.ID != "20261124-k7qm" || sum.Playbook != "memory-leak" || sum.Environment != "production" || sum.User != "maria" || !sum.Started.Equal(noon) {
					t.Errorf("%+v", sum)
				}
			}
		})
	}
}

func largeEnd(run string) []*event.Event {
	all := facts(run)[:9]
	fin := &event.RunFinished{State: event.Failed}
	for i := range 50_000 {
		fin.Reached.NotReached = append(fin.Reached.NotReached, event.Path(fmt.Sprintf("step-number-%d", i)))
	}
	return append(all, &event.Event{Type: event.TypeRunFinished, Data: fin})
}

func TestRunningIsDerived(t *testing.T) {
	s := openState(t)
	w := create(t, s, journal.Options{})
	if sum, err := s.Runs(0); len(sum) != 0 || err != nil {
		t.Errorf("a run without a record is shown: %+v, %v", sum, err)
	}
	appendAll(t, w, facts(w.Run())[:7])
	sum, err := s.Find("last")
	if err != nil || sum.State != event.Running {
		t.Errorf("%+v, %v", sum, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if sum, err = s.Find("last"); err != nil || sum.State != event.Interrupted {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestFind(t *testing.T) {
	s := openState(t)
	if _, err := s.Find("last"); !errors.Is(err, journal.ErrNotFound) {
		t.Error(err)
	}
	for _, id := range []string{"20261123-9dzc", "20261124-9dzc", "20261124-k7qm"} {
		write(t, s, journal.Options{ID: id}, facts)
	}
	for ref, want := range map[string]string{
		"9dzc": "2 runs end in \"9dzc\"; they are 20261124-9dzc, 20261123-9dzc",
		"zzzz": "the last are 20261124-k7qm memory-leak, 20261124-9dzc memory-leak, 20261123-9dzc memory-leak",
		"":     `no run ""`, "../k7qm": `no run "../k7qm"`, "20261124": `no run "20261124"`,
	} {
		_, err := s.Find(ref)
		var f *action.Failure
		if !errors.As(err, &f) || !errors.Is(err, journal.ErrNotFound) || !strings.Contains(f.What+"; "+strings.Join(f.Seen, ""), want) {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestDamagedRunIsListed(t *testing.T) {
	s := openState(t)
	path := write(t, s, journal.Options{}, facts)
	if err := os.WriteFile(path, []byte("no journal\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runs, err := s.Runs(0)
	var damage *journal.DamageError
	if err != nil || len(runs) != 1 || !errors.As(runs[0].Err, &damage) {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestRunsAreFastAndNewestFirst(t *testing.T) {
	s := openState(t)
	text, err := os.ReadFile(write(t, s, journal.Options{}, facts))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 999 {
		if err := os.WriteFile(s.Path(fmt.Sprintf("2026%02d%02d-%04d", i%12+1, i%28+1, i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newest := write(t, s, journal.Options{ID: "20261224-zzzz"}, func(run string) []*event.Event {
		all := facts(run)
		all[0].Time = noon.Add(time.Hour)
		return all
	})
	var runs []journal.Summary
	all := objects(func() { runs, err = s.Runs(0) })
	if err != nil || len(runs) != 1001 || all > 1001*120 {
		t.Errorf("%d runs with %d objects, %v", len(runs), all, err)
	}
	if s.Path(runs[0].ID) != newest && runs[0].ID[:6] != "202612" {
		t.Errorf("the newest is %s", runs[0].ID)
	}
	var few []journal.Summary
	some := objects(func() { few, err = s.Runs(3) })
	if err != nil || len(few) != 3 || few[0].ID != runs[0].ID || some > all/10 {
		t.Errorf("%+v, %d of %d objects, %v", few, some, all, err)
	}
}

// Of a busy day only those journals are opened that may be among the newest; one
// that began early and ended late is in its place.
func TestOnlyTheNewestAreOpened(t *testing.T) {
	s := openState(t)
	day := func(i int, took time.Duration) {
		began := noon.Add(time.Duration(i) * time.Minute)
		path := write(t, s, journal.Options{ID: fmt.Sprintf("20261124-%04d", (i+40)*7)}, func(run string) []*event.Event {
			all := facts(run)
			all[0].Time = began
			return all
		})
		if err := os.Chtimes(path, began, began.Add(took)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 48 {
		day(i, time.Duration(i%4)*time.Minute)
	}
	day(100, 0)               // ended as soon as it began, last of all
	day(-40, 200*time.Minute) // went on all the day
	all, err := s.Runs(0)
	if err != nil || len(all) != 50 {
		t.Fatal(len(all), err)
	}
	for _, most := range []int{1, 3, 20, 49, 1000} {
		opened := s.Opened()
		runs, err := s.Runs(most)
		want := min(most, len(all))
		if err != nil || len(runs) != want {
			t.Fatal(len(runs), err)
		}
		for i := range runs {
			if runs[i].ID != all[i].ID {
				t.Errorf("of %d, %d is %s, want %s", most, i, runs[i].ID, all[i].ID)
			}
		}
		if n := opened.Load(); n > int64(want+11) || n < int64(want) {
			t.Errorf("%d journals are opened for the newest %d", n, most)
		}
	}
}

// objects counts what f allocates: its work, whatever else the machine does.
func objects(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
