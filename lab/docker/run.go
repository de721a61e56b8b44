package docker

import (
	"net/http"
	"strings"
	"time"

	"runbook/lab/model"
)

// runs lets a container that was started do what its command says, where that is
// a program that ends; what serves goes on until it is stopped. It is called
// while the model is locked.
func (s *Server) runs(c *model.Container) {
	if c.Made == nil || c.Service != "" || len(c.Command) == 0 || !Has(c.Command[0]) {
		return
	}
	started := c.Started
	s.later(execTime, c.ID, started, func(w *model.World, c *model.Container) {
		done := execute(w, c, c.Command, c.Env)
		said := 0 // parts of the output; timers of nearly the same time may come in any order
		say := func(w *model.World, c *model.Container, parts int) {
			for ; said < parts; said++ {
				p := done.output[said]
				for line := range strings.Lines(p.text) {
					c.Say(w.Now, p.stream == stderr, strings.TrimRight(line, "\r\n"))
				}
			}
		}
		for i, p := range done.output {
			s.later(p.at, c.ID, started, func(w *model.World, c *model.Container) { say(w, c, i+1) })
		}
		s.later(done.took+time.Millisecond, c.ID, started, func(w *model.World, c *model.Container) {
			say(w, c, len(done.output))
			w.Stop(c, done.code)
			if c.Made.Remove {
				s.forget(w, c)
			}
		})
	})
}

// later changes a container after a time, if it still runs as it did.
func (s *Server) later(after time.Duration, id string, started time.Time, do func(*model.World, *model.Container)) {
	s.gate.Clock().After(after, func() {
		if !s.begin() {
			return
		}
		defer s.work.Done()
		_ = s.visit(s.model.Change, id, func(w *model.World, c *model.Container) error {
			if c.Running() && c.Started.Equal(started) {
				do(w, c)
			}
			return nil
		})
	})
}

// attach shows what a container says from now on, until it ends.
func (s *Server) attach(w http.ResponseWriter, r *http.Request) error {
	var c *model.Container
	var said int
	var finished time.Time
	if err := s.look(r, func(_ *model.World, found *model.Container) error {
		c, said, finished = found, found.Said, found.Finished
		if c.State == model.Paused {
			return failure{http.StatusConflict, "Container " + r.PathValue("id") + " is paused, unpause the container before attach."}
		}
		return nil
	}); err != nil {
		return err
	}
	ctx, cancel := s.lasting(r.Context())
	defer cancel()
	conn, _, err := hijack(w, r)
	if err != nil {
		return err
	}
	defer conn.Close()
	out := stream{to: conn, tty: c.Made != nil && c.Made.TTY}
	o := reading{out: flag(r, "stdout"), err: flag(r, "stderr"), tail: -1}
	_ = s.until(ctx, r, func() (bool, error) {
		ended := true // where it was removed
		fresh := s.since(c, &said, func() { ended = c.State == model.Exited && c.Finished.After(finished) })
		return !out.lines(o, fresh) || ended, nil
	})
	return nil
}
