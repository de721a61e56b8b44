package lab

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/lab/clock"
	"runbook/lab/model"
)

// TestFacesAreWhole names what a row of the faces, or what belongs to one,
// lacks.
func TestFacesAreWhole(t *testing.T) {
	l, err := Start(Options{Seed: 1, Clock: clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	env, found, err := l.Environment(registry)
	if err != nil || found.Errors() > 0 {
		t.Fatalf("the configuration of the faces:\n%s\n%v %v", l.Configuration(), err, found)
	}
	ports := map[int]string{}
	for _, f := range faces() {
		if other, taken := ports[f.port]; taken || (f.port == 0) != (f.name == Docker) {
			t.Errorf("%s has the port %d, which is that of %q", f.name, f.port, other)
		}
		ports[f.port] = f.name
		if f.speaks == "" {
			t.Errorf("%s does not say in `speaks` what it speaks, for the table in docs/lab.md", f.name)
		}
		target, ok := env.Target(f.name)
		if !ok {
			t.Errorf("%s is no target: no family has the kind that its settings are of", f.name)
			continue
		}
		if f.service != "" {
			l.model.Look(func(w *model.World) {
				if len(w.Service(f.service)) == 0 {
					t.Errorf("%s lives with the service %s, which has no container in lab/model/compose.go", f.name, f.service)
				}
			})
		}
		asked(t, f, target)
		comesAndGoes(t, l, f)
	}
}

// TestEachFaceHasItsRow names what serves a face and stands in no row.
func TestEachFaceHasItsRow(t *testing.T) {
	rows, err := os.ReadFile("faces.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (Serve\w*)\(.*\*gate\.Gate`).FindAllSubmatch(text, -1) {
			if name := filepath.Base(filepath.Dir(file)) + "." + string(found[1]); !regexp.MustCompile(`\b` + name + `\b`).Match(rows) {
				t.Errorf("%s: add a row that calls %s to faces in lab/faces.go", file, name)
			}
		}
	}
}

// asked holds that the family of a target's kind is tested against the lab.
func asked(t *testing.T, f face, target action.Target) {
	t.Helper()
	folder := filepath.Join("..", "actions", target.Kind)
	tests, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	rooms, roomsErr := filepath.Glob(filepath.Join("..", "actions", "*", target.Kind, "*_test.go")) // of another family
	if err := errors.Join(err, roomsErr); err != nil {
		t.Fatal(err)
	}
	tests = append(tests, rooms...)
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(`"runbook/lab`)) {
			return
		}
	}
	t.Errorf("%s: no test in %s asks a face of the lab", f.name, folder)
}

// comesAndGoes holds what every face owes its gate: it is there, gone with the
// fault, and there again.
func comesAndGoes(t *testing.T, l *Lab, f face) {
	t.Helper()
	network, address := "tcp", l.Address(f.name)
	if kind, at, ok := strings.Cut(address, "://"); ok {
		network, address = kind, at
	}
	there := func() bool {
		c, err := net.Dial(network, address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}
	before := there()
	if err := l.Inject(Fault{Name: "target-gone", On: f.name}); err != nil {
		t.Fatal(err)
	}
	during := there()
	if err := l.Heal("target-gone on " + f.name); err != nil {
		t.Fatal(err)
	}
	if after := there(); !before || during || !after {
		t.Errorf("%s is there %v, while it is gone %v, and again %v", f.name, before, during, after)
	}
}
