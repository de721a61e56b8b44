package docker

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/lab/model"
)

// reading is which lines of a log are asked for.
type reading struct {
	out, err, timestamps, follow bool
	since, until                 time.Time // zero for no bound
	tail                         int       // -1 for all
}

func readLogs(r *http.Request) (reading, error) {
	o := reading{out: flag(r, "stdout"), err: flag(r, "stderr"), timestamps: flag(r, "timestamps"), follow: flag(r, "follow"), tail: -1}
	if !o.out && !o.err {
		return o, failure{http.StatusBadRequest, "Bad parameters: you must choose at least one stream"}
	}
	if n, err := strconv.Atoi(r.FormValue("tail")); err == nil && n >= 0 {
		o.tail = n
	}
	var err error
	if o.since, err = moment(r, "since"); err != nil {
		return o, err
	}
	o.until, err = moment(r, "until")
	return o, err
}

// moment reads a time in seconds with a fraction; 0 and nothing are none.
func moment(r *http.Request, name string) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" || text == "0" {
		return time.Time{}, nil
	}
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return t, nil
		}
		return time.Time{}, failure{http.StatusBadRequest, "invalid value for \"" + name + "\": " + err.Error()}
	}
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(seconds, nanos), nil
}

func (o reading) take(l model.Line) bool {
	return (l.Stderr && o.err || !l.Stderr && o.out) && (o.since.IsZero() || !l.At.Before(o.since)) && (o.until.IsZero() || !l.At.After(o.until))
}

// lines are the lines of c that are asked for, and the time of the last line.
func (o reading) lines(c *model.Container) []model.Line {
	var all []model.Line
	for _, l := range c.Lines {
		if o.take(l) {
			all = append(all, l)
		}
	}
	if o.tail >= 0 && len(all) > o.tail {
		all = all[len(all)-o.tail:]
	}
	return all
}

// logs answers docker logs.
func (s *Server) logs(w http.ResponseWriter, r *http.Request) error {
	o, err := readLogs(r)
	if err != nil {
		return err
	}
	var lines []model.Line
	var c *model.Container
	said := 0
	if err := s.look(r, func(_ *model.World, found *model.Container) error {
		c, lines, said = found, o.lines(found), found.Said
		return nil
	}); err != nil {
		return err
	}
	if err := s.take(r, time.Duration(2+len(lines)/500)*time.Millisecond); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	out := stream{to: w}
	if out.lines(o, lines) && o.follow {
		_ = http.NewResponseController(w).Flush()
		return s.follow(r, r.Context(), c, said, o, out, func() { _ = http.NewResponseController(w).Flush() })
	}
	return nil
}

func streamOf(l model.Line) byte {
	if l.Stderr {
		return stderr
	}
	return stdout
}

// follow writes the lines that come after the first said ones, until the
// container ends, the time until is there, or ctx ends.
func (s *Server) follow(r *http.Request, ctx context.Context, c *model.Container, said int, o reading, out stream, flush func()) error {
	if !o.until.IsZero() {
		var stop context.CancelFunc
		ctx, stop = s.gate.Clock().WithTimeout(ctx, o.until.Sub(s.gate.Clock().Now()))
		defer stop()
	}
	err := s.until(ctx, r, func() (bool, error) {
		ended := true // where it was removed
		fresh := s.since(c, &said, func() { ended = !c.Running() })
		taken := out.lines(o, fresh)
		if len(fresh) > 0 {
			flush()
		}
		return ended || !taken, nil
	})
	if err != nil && !o.until.IsZero() {
		return nil // its time is over
	}
	return err
}

// since gives the lines of a container after the first said ones, counts them,
// and looks at it while it is there. What it said before it was removed is not
// lost: its end and its removal may come in the same moment.
func (s *Server) since(c *model.Container, said *int, look func()) (fresh []model.Line) {
	s.model.Look(func(w *model.World) {
		n := min(c.Said-*said, len(c.Lines))
		fresh, *said = slices.Clone(c.Lines[len(c.Lines)-n:]), c.Said
		if _, err := find(w, c.ID); err == nil {
			look()
		}
	})
	return fresh
}
