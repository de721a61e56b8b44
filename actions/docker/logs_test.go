package docker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/internal/lines"
)

func frame(stream byte, text string) []byte {
	header := make([]byte, 8)
	header[0] = stream
	binary.BigEndian.PutUint32(header[4:], uint32(len(text)))
	return append(header, text...)
}

func TestDemultiplex(t *testing.T) {
	whole := bytes.Join([][]byte{frame(1, "one\n"), frame(2, "two"), frame(1, ""), frame(0, "three")}, nil)
	for name, test := range map[string]struct {
		in       []byte
		out, err string
	}{
		"frames":       {in: whole, out: "one\nthree|two"},
		"nothing":      {out: "|"},
		"cut in frame": {in: whole[:len(whole)-1], out: "one\nthre|two", err: "unexpected EOF"},
		"cut header":   {in: whole[:15], out: "one\n|", err: "unexpected EOF"},
		"engine error": {in: frame(3, "disk is full"), out: "|", err: "the engine said: disk is full"},
		"no format":    {in: []byte("plain text"), out: "|", err: "byte 112 is no stream"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			err := demultiplex(&out, &errs, io.MultiReader(bytes.NewReader(test.in)))
			if got := out.String() + "|" + errs.String(); got != test.out || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// endless gives n bytes of one letter without holding them.
type endless struct{ n int64 }

func (e *endless) Read(b []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), e.n)
	for i := range b[:n] {
		b[i] = 'x'
	}
	e.n -= n
	return int(n), nil
}

// TestGigabyteLine reads one line of a gigabyte in one frame, with a text at its end.
func TestGigabyteLine(t *testing.T) {
	const size = 1 << 30
	header := make([]byte, 8)
	header[0] = 1
	binary.BigEndian.PutUint32(header[4:], size)
	tail, _ := lines.NewTail([]string{"xneedle", "absent"}, false)
	out := lines.NewWriter(tail)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := demultiplex(out, out, io.MultiReader(bytes.NewReader(header), &endless{size - 6}, strings.NewReader("needle")))
	out.Close()
	runtime.ReadMemStats(&after)
	found := tail.Found()
	if err != nil || found.Total != 1 || found.Matches != 1 || found.Counts["xneedle"] != 1 || found.Counts["absent"] != 0 || !found.Truncated {
		t.Errorf("got %v, %+v", err, found)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if line := found.Lines[0]; len(line) > lines.MostOfLine+100 || !strings.HasSuffix(line, "… (cut, the line has 1,073,741,824 bytes)") {
		t.Errorf("line of %d bytes ends with %q", len(line), line[len(line)-60:])
	}
}

func TestLogs(t *testing.T) {
	f := newFake(t, app())
	query := ""
	f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
		if !strings.HasSuffix(path, "/logs") {
			return false
		}
		query = r.URL.RawQuery
		for _, b := range [][]byte{frame(1, "start\r\nMemory"), frame(2, "warning: disk\n"), frame(1, "Error here\nMemoryError, OutOfMemory\n"), frame(1, "\xff end")} {
			_, _ = w.Write(b)
		}
		return true
	}
	r := mustRun(t, Logs, f.call(t), map[string]any{"container": "app", "tail": 50, "count": []any{"MemoryError", "OutOfMemory", "nothing"}})
	want := "[start warning: disk MemoryError here MemoryError, OutOfMemory \uFFFD end] map[MemoryError:2 OutOfMemory:1 nothing:0] 2 5 false"
	o := r.Outputs
	if got := fmt.Sprint(o["lines"], o["counts"], o["matches"], o["total_lines"], o["truncated"]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r.Summary != "5 lines, 2 match" || !strings.Contains(query, "tail=50") {
		t.Errorf("summary %q, query %s", r.Summary, query)
	}
	if o := mustRun(t, Logs, f.call(t), map[string]any{"container": "app", "count": []any{"^Mem.*r"}, "regexp": true}).Outputs; o["matches"] != int64(2) && o["matches"] != 2 {
		t.Errorf("regexp: %v", o)
	}
	if _, err := run(t, Logs, f.call(t), map[string]any{"container": "app", "count": []any{"("}, "regexp": true}); err == nil || !action.AsFailure(err).Final {
		t.Errorf("a bad regular expression gives %v", err)
	}
}

func TestLogBreaksOff(t *testing.T) {
	f := newFake(t, app())
	f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
		if !strings.HasSuffix(path, "/logs") {
			return false
		}
		_, _ = w.Write(frame(1, "half a line")[:12])
		return true
	}
	_, err := run(t, Logs, f.call(t), map[string]any{"container": "app"})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "the answer broke off") {
		t.Errorf("got %v", err)
	}
}
