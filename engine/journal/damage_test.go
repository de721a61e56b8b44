package journal_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/event"
	"runbook/engine/journal"
)

// small writes a run and returns its bytes.
func small(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(write(t, openState(t), journal.Options{}, facts))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readBytes(t testing.TB, path string, text []byte) (*journal.Log, error) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return journal.Read(path)
}

func TestTornAtEachByte(t *testing.T) {
	text := small(t)
	path := filepath.Join(t.TempDir(), "x")
	for n := range len(text) + 1 {
		whole := bytes.LastIndexByte(text[:n], '\n') + 1
		l, err := readBytes(t, path, text[:n])
		if err != nil || l.Torn != n-whole || len(l.Events) != bytes.Count(text[:n], []byte("\n")) {
			t.Fatalf("cut at %d: %d events, torn %d of %d, %v", n, len(l.Events), l.Torn, n-whole, err)
		}
	}
}

func TestFlippedAtEachByte(t *testing.T) {
	text := small(t)
	path := filepath.Join(t.TempDir(), "x")
	for i := range text {
		for _, mask := range []byte{0x01, 0x40, 0x80} {
			broken := bytes.Clone(text)
			broken[i] ^= mask
			l, err := readBytes(t, path, broken)
			var damage *journal.DamageError
			if !errors.As(err, &damage) {
				t.Fatalf("byte %d with %#x: read %d events, torn %d, %v", i, mask, len(l.Events), l.Torn, err)
			}
			want := bytes.Count(text[:i], []byte("\n"))
			if damage.Record != uint64(want+1) || len(l.Events) != want || damage.Offset > int64(i) {
				t.Fatalf("byte %d: %v after %d events, want record %d", i, err, len(l.Events), want+1)
			}
		}
	}
}

func TestDamageIsRefused(t *testing.T) {
	lines := bytes.SplitAfter(small(t), []byte("\n"))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	zeros := make([]byte, 2048)
	other := bytes.SplitAfter(small(t), []byte("\n"))
	for name, test := range map[string]struct {
		text   []byte
		events int
		torn   bool
	}{
		"a record of another run":      {text: join(lines[0], lines[1], other[2]), events: 2},
		"a record is missing":          {text: join(lines[0], lines[2]), events: 1},
		"two records changed places":   {text: join(lines[0], lines[2], lines[1]), events: 1},
		"a record is there twice":      {text: join(lines[0], lines[0]), events: 1},
		"the first is missing":         {text: join(lines[1:]...)},
		"not a journal":                {text: []byte("hello\n")},
		"zeros over a synced record":   {text: join(lines[0], zeros[:len(lines[1])-1], []byte("\n"), join(lines[2:]...)), events: 1},
		"zeros at the end":             {text: join(lines[0], zeros), events: 1, torn: true},
		"zeros only":                   {text: zeros, torn: true},
		"a sector that was not synced": {text: lost(lines[:7], 3), events: 3, torn: true},
		"a sector that was":            {text: lost(lines, 3), events: 3},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := readBytes(t, filepath.Join(t.TempDir(), "x"), test.text)
			if (err == nil) != test.torn || (l.Torn > 0) != test.torn || len(l.Events) != test.events {
				t.Errorf("%d events, torn %d, %v", len(l.Events), l.Torn, err)
			}
		})
	}
}

// lost returns the lines with zeros from line n to the end of its sector.
func lost(lines [][]byte, n int) []byte {
	text := bytes.Join(lines, nil)
	start := len(bytes.Join(lines[:n], nil))
	clear(text[start : (start/512+1)*512])
	return text
}

// powerFile keeps what was synced, and of the rest what a disk may keep.
type powerFile struct{ text, synced []byte }

func (f *powerFile) Write(b []byte) (int, error) { f.text = append(f.text, b...); return len(b), nil }
func (f *powerFile) Sync() error                 { f.synced = bytes.Clone(f.text); return nil }
func (f *powerFile) Close() error                { return nil }

// lose returns what is left after a loss of power: of each sector that was not
// synced all or nothing, up to any length.
func (f *powerFile) lose(random *rand.Rand) []byte {
	left := bytes.Clone(f.text[:len(f.synced)+random.IntN(len(f.text)-len(f.synced)+1)])
	lost := false
	for i := range left {
		if i%512 == 0 || i == len(f.synced) {
			lost = random.IntN(2) == 0
		}
		if lost && i >= len(f.synced) {
			left[i] = 0
		}
	}
	return left
}

func TestPowerLoss(t *testing.T) {
	s := openState(t)
	path := filepath.Join(t.TempDir(), "x")
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		disk := &powerFile{}
		w := create(t, s, journal.Options{Wrap: func(f journal.File) journal.File { f.Close(); return disk }})
		acknowledged := 0
		appendAll(t, w, []*event.Event{header(w.Run())})
		for range random.IntN(60) {
			ev := &event.Event{Type: event.TypePhase, Data: &event.PhaseBegan{Name: event.Phase(strings.Repeat("x", random.IntN(3000)))}}
			if random.IntN(4) == 0 {
				ev = &event.Event{Type: event.TypeIntent, Data: &event.Intent{Action: strings.Repeat("y", random.IntN(900))}}
			}
			appendAll(t, w, []*event.Event{ev})
			if ev.Type.Synced() {
				acknowledged = int(ev.Sequence)
			}
		}
		before := len(disk.synced)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		disk.synced = disk.text[:before]
		for range 20 {
			l, err := readBytes(t, path, disk.lose(random))
			if err != nil || len(l.Events) < acknowledged {
				t.Fatalf("%d of %d acknowledged records, %v", len(l.Events), acknowledged, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	text := small(f)
	f.Add(text)
	f.Add(text[:len(text)-3])
	f.Add(append(bytes.Clone(text), make([]byte, 600)...))
	path := filepath.Join(f.TempDir(), "x")
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := readBytes(t, path, text)
		if err == nil && l.Torn == 0 && len(l.Events) != bytes.Count(text, []byte("\n")) {
			t.Errorf("%d events of %d lines", len(l.Events), bytes.Count(text, []byte("\n")))
		}
		if l.Torn < 0 || l.Torn > len(text) {
			t.Errorf("torn %d of %d", l.Torn, len(text))
		}
	})
}
