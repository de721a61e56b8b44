package docker

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/lab/model"
)

// How long the engine takes for its own part of a change.
const (
	startTime  = 250 * time.Millisecond
	pauseTime  = 20 * time.Millisecond
	updateTime = 30 * time.Millisecond
	removeTime = 60 * time.Millisecond
)

// grace is how long a container may take to stop before it is killed.
func grace(r *http.Request) (time.Duration, error) {
	text := r.FormValue("t")
	if text == "" {
		return 10 * time.Second, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		return 0, failure{http.StatusInternalServerError, err.Error()}
	}
	if seconds < 0 {
		return 365 * 24 * time.Hour, nil
	}
	return time.Duration(seconds) * time.Second, nil
}

func (s *Server) start(w *model.World, c *model.Container, _ *http.Request) (any, error) {
	switch c.State {
	case model.Running:
		return nil, failure{http.StatusNotModified, ""}
	case model.Paused:
		return nil, failure{http.StatusConflict, "cannot start a paused container, try unpause instead"}
	}
	return nil, s.begins(w, c)
}

// begins starts a container, if nobody else has its ports.
func (s *Server) begins(w *model.World, c *model.Container) error {
	for _, p := range c.Ports {
		if slices.ContainsFunc(w.Containers, func(o *model.Container) bool {
			return o != c && o.Running() && p.Public != 0 && slices.ContainsFunc(o.Ports, func(q model.Port) bool { return q.Public == p.Public })
		}) {
			return failure{http.StatusInternalServerError, "driver failed programming external connectivity on endpoint " + c.Name + ": Bind for " + p.Host + ":" + strconv.Itoa(int(p.Public)) + " failed: port is already allocated"}
		}
	}
	w.Start(c)
	s.runs(c)
	return nil
}

// halt asks a container to end and waits until it has: within the grace, or
// killed after it. It goes on when the client goes. It returns false for a
// container that did not run.
func (s *Server) halt(r *http.Request, grace time.Duration) (bool, error) {
	var id string
	var started time.Time
	var took time.Duration
	var killed, ran bool
	if err := s.change(r, func(w *model.World, c *model.Container) error {
		if id, started, ran = c.ID, c.Started, c.Running(); ran {
			took, killed = w.StopTime(c, grace)
			w.Note(c, "kill", "signal", "15")
		}
		return nil
	}); err != nil || !ran {
		return false, err
	}
	if err := s.insist(r, took); err != nil {
		return false, err
	}
	return true, s.visit(s.model.Change, id, func(w *model.World, c *model.Container) error {
		if !c.Running() || !c.Started.Equal(started) {
			return nil // somebody else was quicker
		}
		exit := 0
		if killed {
			exit = 137
			w.Note(c, "kill", "signal", "9")
		}
		w.Stop(c, exit)
		w.Note(c, "stop")
		return nil
	})
}

func (s *Server) stop(w http.ResponseWriter, r *http.Request) error {
	limit, err := grace(r)
	if err != nil {
		return err
	}
	ran, err := s.halt(r, limit)
	if err != nil {
		return err
	}
	if !ran {
		return failure{http.StatusNotModified, ""}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// restart stops a container and starts it; it is away meanwhile.
func (s *Server) restart(w http.ResponseWriter, r *http.Request) error {
	limit, err := grace(r)
	if err != nil {
		return err
	}
	if _, err := s.halt(r, limit); err != nil {
		return err
	}
	if err := s.insist(r, startTime); err != nil {
		return err
	}
	if err := s.change(r, func(world *model.World, c *model.Container) error {
		if !c.Running() {
			if err := s.begins(world, c); err != nil {
				return failure{http.StatusInternalServerError, "Cannot restart container " + c.Name + ": " + err.Error()}
			}
		}
		world.Note(c, "restart")
		return nil
	}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// signalNumber reads a signal by its name or number; none is KILL, 0 is unknown.
func signalNumber(text string) int {
	name := strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if n, err := strconv.Atoi(name); err == nil && n > 0 && n < 65 {
		return n
	}
	return map[string]int{"": 9, "HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "CONT": 18, "STOP": 19}[name]
}

// kill sends a signal. What ends by it ends a moment later.
func (s *Server) kill(w *model.World, r *http.Request) (any, error) {
	number := signalNumber(r.FormValue("signal"))
	if number == 0 {
		return nil, failure{http.StatusBadRequest, "Invalid signal: " + r.FormValue("signal")}
	}
	c, err := find(w, r.PathValue("id"))
	var refused failure
	if err == nil && !c.Running() {
		err = failure{http.StatusConflict, "Container " + c.ID + " is not running"}
	}
	if errors.As(err, &refused) {
		refused.message = "Cannot kill container: " + r.PathValue("id") + ": " + refused.message
		return nil, refused
	}
	w.Note(c, "kill", "signal", strconv.Itoa(number))
	switch number {
	case 9:
		w.Stop(c, 137)
	case 2, 3, 15:
		const forever = 24 * time.Hour
		if took, _ := w.StopTime(c, forever); took < time.Hour {
			s.later(took, c.ID, c.Started, func(w *model.World, c *model.Container) { w.Stop(c, 0) })
		}
	}
	return nil, nil
}

func pause(w *model.World, c *model.Container, _ *http.Request) (any, error) {
	switch {
	case !c.Running():
		return nil, failure{http.StatusConflict, "Container " + c.ID + " is not running"}
	case !w.Pause(c):
		return nil, failure{http.StatusConflict, "Container " + c.ID + " is already paused"}
	}
	return nil, nil
}

func unpause(w *model.World, c *model.Container, _ *http.Request) (any, error) {
	if !w.Unpause(c) {
		return nil, failure{http.StatusInternalServerError, "Container " + c.ID + " is not paused"}
	}
	return nil, nil
}

var namePattern = regexp.MustCompile(`^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// free says why a container cannot have that name.
func free(w *model.World, name string) error {
	if !namePattern.MatchString(name) {
		return failure{http.StatusBadRequest, "Invalid container name (" + name + "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"}
	}
	name = strings.TrimPrefix(name, "/")
	for _, c := range w.Containers {
		if c.Name == name {
			return failure{http.StatusConflict, `Conflict. The container name "/` + name + `" is already in use by container "` + c.ID + `". You have to remove (or rename) that container to be able to reuse that name.`}
		}
	}
	return nil
}

func rename(w *model.World, c *model.Container, r *http.Request) (any, error) {
	name := strings.TrimPrefix(r.FormValue("name"), "/")
	switch name {
	case "":
		return nil, failure{http.StatusBadRequest, "Neither old nor new names may be empty"}
	case c.Name:
		return nil, failure{http.StatusBadRequest, "Renaming a container with the same name as its current name"}
	}
	err := free(w, name)
	if err == nil {
		w.Rename(c, name)
	}
	return nil, err
}

func (s *Server) remove(w *model.World, c *model.Container, r *http.Request) (any, error) {
	switch {
	case !c.Running() || flag(r, "force"):
		s.forget(w, c)
		return nil, nil
	case c.State == model.Paused:
		return nil, failure{http.StatusConflict, "You cannot remove a paused container " + c.ID + ". Unpause and then stop the container before attempting removal or force remove"}
	}
	return nil, failure{http.StatusConflict, "You cannot remove a running container " + c.ID + ". Stop the container before attempting removal or force remove"}
}

// forget takes a container out.
func (s *Server) forget(w *model.World, c *model.Container) {
	w.Remove(c)
	s.execs.forget(c.ID)
}

func (s *Server) pruneContainers(w *model.World, r *http.Request) (any, error) {
	wanted, err := readFilters(r, "label", "label!", "until")
	if err != nil {
		return nil, err
	}
	o := struct {
		ContainersDeleted []string
		SpaceReclaimed    uint64
	}{}
	for _, c := range slices.Clone(w.Containers) {
		if !c.Running() && wanted.labels(c.Labels) {
			s.forget(w, c)
			o.ContainersDeleted = append(o.ContainersDeleted, c.ID)
			o.SpaceReclaimed += uint64(c.Written)
		}
	}
	return o, nil
}

// wait answers when a container has ended, or was removed.
func (s *Server) wait(w http.ResponseWriter, r *http.Request) error {
	condition := r.FormValue("condition")
	if !slices.Contains([]string{"", "not-running", "next-exit", "removed"}, condition) {
		return failure{http.StatusBadRequest, `invalid condition: "` + condition + `"`}
	}
	var id string
	var since time.Time
	code := 0
	if err := s.look(r, func(world *model.World, c *model.Container) error {
		id, since, code = c.ID, c.Finished, c.ExitCode
		return nil
	}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	if err := s.until(r.Context(), r, func() (bool, error) {
		done := false
		gone := s.visit(s.model.Look, id, func(_ *model.World, c *model.Container) error {
			code = c.ExitCode
			done = condition == "next-exit" && !c.Running() && c.Finished.After(since) || (condition == "" || condition == "not-running") && !c.Running()
			return nil
		}) != nil
		return done || gone, nil
	}); err != nil {
		return err
	}
	send(json.NewEncoder(w), map[string]any{"StatusCode": code, "Error": nil})
	return nil
}
