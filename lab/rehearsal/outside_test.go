package rehearsal_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"runbook/lab/rehearsal"
)

// outside is what a playbook could touch beyond the lab: a server that counts the
// requests that come, and a folder in which nothing may be made.
type outside struct {
	*httptest.Server
	came   atomic.Int32
	folder string
}

func newOutside(t *testing.T) *outside {
	o := &outside{folder: t.TempDir()}
	o.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { o.came.Add(1) }))
	t.Cleanup(o.Close)
	return o
}

// playbook is one with a step of each kind that could leave the lab, by its name.
func (o *outside) playbook(t *testing.T, step string) string {
	t.Helper()
	with, ok := map[string]string{
		"shell.run":      `{argv: [touch, "FOLDER/made"]}`,
		"http.request":   `{method: POST, url: "SERVER/hook"}`,
		"http.get":       `{url: "SERVER/health"}`,
		"host.port":      `{host: "127.0.0.1", port: PORT}`,
		"docker.exec":    `{container: app, argv: [restic, check]}`,
		"mongo.dump":     `{collections: [tasks], to: "FOLDER/made"}`,
		"archive.verify": `{path: "FOLDER/made"}`,
	}[step]
	if !ok {
		t.Fatalf("nothing is known of %s", step)
	}
	if step == "http.get" {
		step = "http.request"
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(o.URL, "http://"), ":")
	with = strings.NewReplacer("FOLDER", filepath.ToSlash(o.folder), "SERVER", o.URL, "PORT", port).Replace(with)
	return "playbook: leaves\ntitle: t\npurpose: p\nexpected: e\ninputs: {really: {type: bool, default: true}}\n" +
		"steps:\n  - id: leave\n    when: inputs.really\n    action: " + step + "\n    with: " + with + "\n"
}

func (o *outside) touched(t *testing.T) {
	t.Helper()
	if n := o.came.Load(); n > 0 {
		t.Errorf("%d requests came to a server outside", n)
	}
	if made, err := os.ReadDir(o.folder); err != nil || len(made) > 0 {
		t.Errorf("outside was made %v, %v", made, err)
	}
}

// TestARehearsalLeavesTheLabNowhere holds for each kind of way out that nothing is
// touched, and that the failure says what was refused, and why.
func TestARehearsalLeavesTheLabNowhere(t *testing.T) {
	k := newKit(t)
	for step, refused := range map[string]string{
		"shell.run":      "shell.run touch ",
		"http.request":   "POST http://127.0.0.1:",
		"http.get":       "GET http://127.0.0.1:",
		"host.port":      "a connection to 127.0.0.1:",
		"docker.exec":    "docker.exec restic check, which the containers of the lab do not have,",
		"mongo.dump":     "writing to ",
		"archive.verify": "reading ",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			o := newOutside(t)
			s := k.subject(t, "leaves", o.playbook(t, step), one("fault: none\nagain: changes\nexpect: {exit: 1, steps: {leave: failed}}"))
			r := k.play(t, k.options(), s).Results[0]
			o.touched(t)
			if !r.Passed {
				t.Fatalf("%v: %+v", failures(r), r.Finished)
			}
			f := r.Finished.Failure
			if !strings.HasPrefix(f.What, refused) || !strings.HasSuffix(f.What, " is refused: a rehearsal does not leave the lab") || len(f.Do) == 0 {
				t.Errorf("it says %q, do %q", f.What, f.Do)
			}
		})
	}
}

// TestMutantsLeaveTheLabNowhere holds that a step that every rehearsal leaves out
// touches nothing when a mutant plays it.
func TestMutantsLeaveTheLabNowhere(t *testing.T) {
	k := newKit(t)
	for _, step := range []string{"shell.run", "http.request", "mongo.dump"} {
		o := newOutside(t)
		s := k.subject(t, "leaves", o.playbook(t, step), one("fault: none\ninputs: {really: false}\nexpect: {exit: 0}"))
		m, err := rehearsal.Mutate(t.Context(), s, k.options())
		if err != nil {
			t.Fatal(err)
		}
		o.touched(t)
		if m.Killed == 0 {
			t.Errorf("%s: no mutant without its `when` fails: %+v", step, m.Mutants)
		}
	}
}
