//go:build unix

package actions_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/page"
	"runbook/engine/report"
	"runbook/engine/run"
	"runbook/lab"
)

// fault is what befalls a change while it is sent.
type fault struct {
	name string
	keys step // of the step of the change
	// befall is called as the intent of the change is written.
	befall func(*scene)
	// settles is whether the target can be asked afterwards what became of it.
	settles bool
	// sent is whether the change comes to the target at all, and repeats, whether
	// only one that is sent again does.
	sent, repeats bool
	alone         bool // it is not tried as a remedy
}

// scene is a change on its way to its target.
type scene struct {
	*stage
	target string
	stop   chan run.Signal
	armed  bool

	answered, early atomic.Bool // an outcome was written; before the signals came
}

// spoil does something in place of the reply to the change.
func (s *scene) spoil(do func(context.Context, net.Conn)) {
	w := s.wires[s.target]
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoil, w.made = do, arrived(s.lab, s.target)
}

// signal returns when the run has taken the signal, and so has acted on one before it.
func (s *scene) signal() { s.stop <- run.Signal{Name: "SIGINT", Code: 130} }

// twice sends two signals, and lets no time pass until the client goes away for them.
// Where the machine was so busy that the time of the client had ended by itself before
// they came, this is another fault.
func (s *scene) twice(ctx context.Context, _ net.Conn) {
	defer s.lab.Clock().Work()()
	s.signal()
	s.early.Store(s.answered.Load())
	s.signal()
	<-ctx.Done()
}

func (s *scene) hang(ctx context.Context, _ net.Conn) { _ = s.lab.Clock().Hang(ctx) }

// swallow loses the request to the change on its way.
func (s *scene) swallow() {
	w := s.wires[s.target]
	w.mu.Lock()
	defer w.mu.Unlock()
	w.swallow = true
}

// gone takes the target away: who has a connection loses it, but for one.
func (s *scene) gone(_ context.Context, but net.Conn) { s.wires[s.target].gone(but) }

var faults = []fault{
	{name: "the reply is lost", settles: true, sent: true, befall: func(s *scene) { s.spoil(func(context.Context, net.Conn) {}) }},
	{name: "the reply is lost and the target is gone", sent: true, befall: func(s *scene) { s.spoil(s.gone) }},
	{name: "the step's time ends", settles: true, sent: true, keys: step{"timeout": "20s"}, befall: func(s *scene) { s.spoil(s.hang) }},
	{name: "the target hangs and is gone", sent: true, keys: step{"timeout": "20s"}, befall: func(s *scene) {
		s.spoil(func(ctx context.Context, on net.Conn) { s.gone(ctx, on); s.hang(ctx, on) })
	}},
	{name: "a signal, and the reply is lost", settles: true, sent: true, befall: func(s *scene) {
		s.spoil(func(context.Context, net.Conn) { s.signal() })
	}},
	{name: "two signals", sent: true, befall: func(s *scene) { s.spoil(s.twice) }},
	{name: "the request is lost on its way", settles: true, repeats: true, befall: (*scene).swallow},
	{name: "the target is gone", alone: true, befall: func(s *scene) { s.gone(context.Background(), nil) }},
}

// TestOutcomeEqualsTruth sends the change of every action's example to the lab under
// each fault, alone and as a remedy. What came to the target is counted there: it is
// told as changed or in doubt, what did not come as neither; doubt holds the locks
// and all that would follow.
func TestOutcomeEqualsTruth(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, a := range ofLab() {
		if a.Effect == action.Read || a.Target == nil || a.Name == "shell.run" || filed[a.Name] != "" {
			continue
		}
		tried++
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fstest.MapFS{})
			number := 10
			for _, remedy := range []bool{false, true} {
				for _, f := range append([]fault{{name: "none", settles: true, sent: true, befall: func(*scene) {}}}, faults...) {
					if number++; remedy && f.alone {
						continue
					}
					o := outcomeOf(t, s, a, f, remedy, number)
					for o == nil {
						number++
						o = outcomeOf(t, s, a, f, remedy, number)
					}
					o.holds(t, fmt.Sprintf("%s, remedy %v", f.name, remedy))
					if f.name == "none" && o.told() != string(action.AppliedFully) {
						t.Fatalf("without a fault: told %q, exit %d: %+v", o.told(), o.ExitCode, o.Failure)
					}
				}
			}
		})
	}
	if tried < 14 {
		t.Errorf("%d changes were tried", tried)
	}
}

// outcome is a run with a change, and what came of it to its target.
type outcome struct {
	*played
	fault
	remedy  bool
	came    int  // requests that change something, from the intent on
	again   bool // it is idempotent
	guarded bool // its lock
}

const changePath = "change"

// later is a step that follows.
var later = step{"id": " later", "action": " flow.log", "with": " {text: x}"}

// outcomeOf is nil where the fault came too late to be one.
func outcomeOf(t *testing.T, on *stage, a *action.Action, f fault, remedy bool, number int) *outcome {
	t.Helper()
	on.wire(t)
	defer on.unwire()
	if name := staged[a.Name].inject; name != "" {
		_ = on.lab.Heal(name) // of the run before
		if err := errors.Join(on.lab.Inject(lab.Fault{Name: name}), on.lab.Forward(t.Context(), time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	s := &scene{stage: on, target: a.Target.Name, stop: make(chan run.Signal)}
	base := 0
	text := strings.ReplaceAll(document("proof", playbookOf(t, a, f, remedy)), "CASE", strconv.Itoa(number))
	got := s.play(t, text, run.Mode{}, s.stop, func(e *event.Event) {
		if e.Type == event.TypeIntent && isChange(e.Path) && !s.armed {
			s.armed, base = true, arrived(s.lab, s.target)
			f.befall(s)
		}
		if e.Type == event.TypeOutcome && isChange(e.Path) {
			s.answered.Store(true)
		}
	})
	if s.early.Load() {
		return nil
	}
	if got.refused != nil {
		t.Fatalf("%s: %v %v", a.Name, got.refused, got.refused.List)
	}
	o := &outcome{played: got, fault: f, remedy: remedy, came: arrived(s.lab, s.target) - base, again: a.Idempotent}
	locks, err := s.state.Lock(context.Background(), journal.LockRequest{Keys: []string{"proof"}, Holder: journal.Holder{Run: "20260105-zzzz", Environment: "lab"}})
	if o.guarded = err != nil; !o.guarded {
		_ = locks.Release(true)
	}
	return o
}

// isChange reports whether a step is the one that is looked at, or an item of it.
func isChange(path event.Path) bool { return strings.HasPrefix(path.Last(), changePath) }

// playbookOf is a playbook in which something is to be undone, then the change comes,
// and more would follow.
func playbookOf(t testing.TB, a *action.Action, f fault, remedy bool) step {
	other := step{"id": " earlier", "action": " redis.config_set", "with": " {parameter: maxmemory, value: 512mb}", "undo": " {action: redis.config_set, with: {parameter: maxmemory, value: 256mb}}"}
	if strings.HasPrefix(a.Name, "redis.") {
		other = step{"id": " earlier", "action": " http.request", "with": " {method: POST, path: /api/cache/clear}", "undo": " {action: http.request, with: {method: POST, path: /api/cache/clear}}"}
	}
	change := exampleOf(t, a).with(staged[a.Name].keys).with(f.keys).with(step{"id": changePath})
	steps := append(slices.Clone(staged[a.Name].before), other)
	if remedy {
		change = step{
			"id": " goal", "observe": " {action: host.memory}", "verify": " [observed.used_percent > 200]",
			"remedies": list(change, step{"id": " drastic", "action": " flow.log", "with": " {text: x}"}),
		}
	}
	return step{
		"lock": " proof", "on_failure": " undo", "steps": list(append(steps, change, later)...),
		"finally": list(step{"id": " last", "action": " flow.log", "with": " {text: x}"}),
	}
}

// told is what the run says of the change: the states of it, "" for none.
func (o *outcome) told() string {
	var states []string
	for _, c := range o.Changes {
		if isChange(c.Step) {
			states = append(states, string(c.State))
		}
	}
	return strings.Join(slices.Compact(states), " ")
}

// began reports whether a step began, or was undone.
func (o *outcome) began(id string) bool {
	return slices.ContainsFunc(o.facts, func(e event.Event) bool {
		return e.Type == event.TypeStepStarted && e.Path.Last() == id
	})
}

func (o *outcome) count(of event.Type) int {
	n := 0
	for _, e := range o.facts {
		if e.Type == of && isChange(e.Path) {
			n++
		}
	}
	return n
}

// shows are the commands by which a person sees what became of a change: of the target,
// of what the change is about, and only read.
var shows = regexp.MustCompile(`^(docker -H unix://\S+ (inspect -f '.*'( mltb-(app|worker)-\d| [0-9a-f]{12})+|top mltb-redis-1|diff mltb-app-1|image ls '?[a-z/]+:[0-9.]+'?` +
	`|network inspect mltb_default|system df -v|ps -a --filter (id=[0-9a-f]{12}|name=(runbook-[0-9a-f]+|mltb-app-1)))` +
	`|curl -i http://127.0.0.1:\d+/api/cache/clear|curl -s http://127.0.0.1:\d+/api/v2/silences?(/[0-9a-f-]{36})?` +
	`|redis-cli -h 127.0.0.1 -p \d+ (SENTINEL MASTER cache|CONFIG GET slowlog-max-len|INFO (persistence|server|keyspace|replication)|SLOWLOG LEN|CLIENT LIST|GET outcome|--scan --pattern (outcome:\d+|'cache:page:\*'))` +
	`|mongosh mongodb://127.0.0.1:\d+/(mltb)? --eval '(db\.getCollection\("tasks"\)\.(countDocuments\(EJSON\.parse\(".*"\)\)|getIndexes\(\))|db\.currentOp\(true\)\.inprog\.filter\(.*\))')$`)

// holds checks what was told against what came to the target.
func (o *outcome) holds(t *testing.T, name string) {
	t.Helper()
	wrong := func(format string, v ...any) {
		t.Helper()
		t.Errorf("%s: "+format+"; told %q, %d came, exit %d, %s, %+v", append(append([]any{name}, v...), o.told(), o.came, o.ExitCode, o.State, o.Failure)...)
	}
	told, doubt := o.told(), o.told() == string(action.AppliedLost)
	switch {
	case o.sent != (o.came > 0) && !(o.repeats && o.count(event.TypeRetry) > 0):
		wrong("sent %v", o.sent)
	case o.came > 0 && told == "":
		wrong("a change that came is not told")
	case o.came == 0 && told != "" && !(doubt && (o.settles || o.alone)): // on a connection that was already lost
		wrong("a change is told that did not come")
	case o.sent && !o.settles && !doubt:
		wrong("nobody could know, and it is not in doubt")
	}
	if code := o.code(doubt); o.ExitCode != code {
		wrong("want exit %d", code)
	}
	if doubt != (o.State == event.InDoubt) || doubt != o.guarded {
		wrong("doubt %v, the lock is kept %v", doubt, o.guarded)
	}
	if doubt && (len(o.Check) != 1 || !shows.MatchString(o.Check[0]) || exec.Command("sh", "-n", "-c", o.Check[0]).Run() != nil) {
		wrong("the command that shows what is there is %q", o.Check)
	}
	for _, id := range []string{"later", "drastic", "last"} {
		if doubt && o.began(id) {
			wrong("%s begins in doubt", id)
		}
	}
	if doubt && slices.ContainsFunc(o.Changes, func(c event.Change) bool { return c.Undone }) {
		wrong("something is undone in doubt")
	}
	if n := o.count(event.TypeIntent); n > 1 && o.count(event.TypeRetry) != n-1 {
		wrong("%d intents, %d repeats are told", n, o.count(event.TypeRetry))
	}
	if o.count(event.TypeRetry) > 0 && !o.again {
		wrong("it is sent again, and is not idempotent")
	}
	told = o.reported(t)
	for label, here := range map[string]bool{"Changed": o.came > 0 && !doubt, "In doubt": doubt, "Not changed": o.came == 0 && !doubt} {
		if row(changePath).MatchString(section(told, label)) != here {
			wrong("the report has it under %q: %v\n%s", label, !here, told)
		}
	}
}

// code is the exit code of the run.
func (o *outcome) code(doubt bool) int {
	switch {
	case doubt:
		return event.EndDoubt.Code()
	case strings.Contains(o.name, "signal"):
		return event.EndSignal.Code()
	case o.remedy || o.came == 0 || o.ExitCode == 1 && o.keys["timeout"] != "": // some clients have a limit of their own
		return event.EndFailed.Code()
	}
	return event.EndDone.Code()
}

// row matches a line that begins with a step of that name.
func row(path string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\s*(?:\S+/)?` + path + `(?:/\d+)?(?:\s|$)`)
}

// reported is the report of the run, made of its facts alone.
func (o *outcome) reported(t *testing.T) string {
	t.Helper()
	r := &report.Run{}
	for _, e := range o.facts {
		r.Apply(e)
	}
	var b strings.Builder
	if err := report.Text(&b, r, report.Options{Look: page.Look{Width: 200}, Location: time.UTC}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// section is what a report says behind a label.
func section(text, label string) string {
	_, rest, ok := strings.Cut(text, "\n  "+label+"  ")
	if !ok {
		return ""
	}
	end := regexp.MustCompile(`\n  \S|\n\n`).FindStringIndex(rest)
	return rest[:end[0]]
}
