package docker

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/model"
)

// execution is a program that was asked for in a container.
type execution struct {
	id, container string
	request       container.ExecCreateRequest
	begun, runs   bool
	code          *int
}

// execs are the executions of an engine, the oldest first.
type execs struct {
	mu   sync.Mutex
	list []*execution
}

// keptExecs is how many are kept.
const keptExecs = 400

func (e *execs) add(x *execution) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.list) >= keptExecs {
		e.list = slices.DeleteFunc(e.list, func(o *execution) bool { return o.code != nil })
	}
	e.list = append(e.list, x)
}

// use calls do with an execution; it returns whether there is one.
func (e *execs) use(id string, do func(*execution)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.list {
		if x.id == id {
			do(x)
			return true
		}
	}
	return false
}

// of are the IDs of a container's executions.
func (e *execs) of(id string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var ids []string
	for _, x := range e.list {
		if x.container == id {
			ids = append(ids, x.id)
		}
	}
	return ids
}

func (e *execs) forget(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = slices.DeleteFunc(e.list, func(x *execution) bool { return x.container == id })
}

// execPath names a request about an execution by the name of its container.
func (s *Server) execPath(path string) string {
	id, verb, _ := strings.Cut(strings.TrimPrefix(path, "/exec/"), "/")
	of := ""
	s.execs.use(id, func(x *execution) { of = x.container })
	s.model.Look(func(w *model.World) {
		if c, err := find(w, of); err == nil {
			path = "/exec/" + c.Name + "/" + verb
		}
	})
	return path
}

func (s *Server) execCreate(w http.ResponseWriter, r *http.Request) error {
	x := &execution{}
	if err := decode(r, &x.request); err != nil {
		return err
	}
	if len(x.request.Cmd) == 0 {
		return failure{http.StatusBadRequest, "No exec command specified"}
	}
	if err := s.change(r, func(world *model.World, c *model.Container) error {
		if err := executes(c, r.PathValue("id")); err != nil {
			return err
		}
		x.container, x.id = c.ID, world.NewID("exec "+c.ID+strconv.Itoa(len(world.Events)))
		world.Note(c, "exec_create: "+strings.Join(x.request.Cmd, " "), "execID", x.id)
		s.execs.add(x)
		return nil
	}); err != nil {
		return err
	}
	if err := s.take(r, 5*time.Millisecond); err != nil {
		return err
	}
	reply(w, http.StatusCreated, map[string]string{"Id": x.id})
	return nil
}

// executes says why nothing can be run in a container.
func executes(c *model.Container, reference string) error {
	switch c.State {
	case model.Running:
		return nil
	case model.Paused:
		return failure{http.StatusConflict, "Container " + reference + " is paused, unpause the container before exec"}
	}
	return failure{http.StatusConflict, "Container " + c.ID + " is not running"}
}

// execTime is how long the engine takes to start a program.
const execTime = 40 * time.Millisecond

func (s *Server) execStart(w http.ResponseWriter, r *http.Request) error {
	var body container.ExecStartRequest
	if err := decode(r, &body); err != nil {
		return err
	}
	var x execution
	begun := false
	if !s.execs.use(r.PathValue("id"), func(e *execution) {
		begun, e.begun = e.begun, true
		x = *e
	}) {
		return failure{http.StatusNotFound, "No such exec instance: " + r.PathValue("id")}
	}
	if begun {
		return failure{http.StatusConflict, "Error: Exec command " + x.id + " has already run"}
	}
	var done result
	if err := s.visit(s.model.Change, x.container, func(world *model.World, c *model.Container) error {
		if err := executes(c, c.ID); err != nil {
			return err
		}
		world.Note(c, "exec_start: "+strings.Join(x.request.Cmd, " "), "execID", x.id)
		done = execute(world, c, x.request.Cmd, append(slices.Clone(c.Env), x.request.Env...))
		s.execs.use(x.id, func(e *execution) { e.runs = true })
		return nil
	}); err != nil {
		s.execs.use(x.id, func(e *execution) { e.begun = false })
		return err
	}
	if body.Detach {
		s.gate.Clock().After(execTime+done.took, func() { s.ended(x, done.code) })
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return s.attended(w, r, x, done)
}

// attended shows the output of a program to the client, who is the only one to
// know how long it takes; it goes on without it.
func (s *Server) attended(w http.ResponseWriter, r *http.Request, x execution, done result) error {
	conn, _, err := hijack(w, r)
	if err != nil {
		return err
	}
	defer conn.Close()
	out := stream{to: conn, tty: x.request.Tty}
	passed := time.Duration(0)
	if err := s.insist(r, execTime); err != nil {
		return nil
	}
	for _, part := range done.output {
		if s.insist(r, part.at-passed) != nil {
			return nil
		}
		passed = part.at
		if part.stream == stdout && x.request.AttachStdout || part.stream == stderr && x.request.AttachStderr || done.unstarted {
			_ = out.write(part.stream, part.text) // who has gone misses it
		}
	}
	if s.insist(r, done.took-passed) == nil {
		s.ended(x, done.code)
	}
	return nil
}

// ended notes how an execution ended.
func (s *Server) ended(x execution, code int) {
	if !s.begin() {
		return
	}
	defer s.work.Done()
	_ = s.visit(s.model.Change, x.container, func(w *model.World, c *model.Container) error {
		w.Note(c, "exec_die", "execID", x.id, "exitCode", strconv.Itoa(code))
		return nil
	})
	s.execs.use(x.id, func(e *execution) { e.runs, e.code = false, &code })
}

func (s *Server) execInspect(w http.ResponseWriter, r *http.Request) error {
	var x execution
	if !s.execs.use(r.PathValue("id"), func(e *execution) { x = *e }) {
		return failure{http.StatusNotFound, "No such exec instance: " + r.PathValue("id")}
	}
	if err := s.take(r, 2*time.Millisecond); err != nil {
		return err
	}
	q := x.request
	pid := 0
	if x.runs {
		pid = 30000 + len(x.id)
	}
	reply(w, http.StatusOK, map[string]any{
		"ID": x.id, "ContainerID": x.container, "Running": x.runs, "ExitCode": x.code, "Pid": pid, "CanRemove": false, "DetachKeys": "",
		"OpenStdin": q.AttachStdin, "OpenStdout": q.AttachStdout, "OpenStderr": q.AttachStderr,
		"ProcessConfig": map[string]any{"tty": q.Tty, "entrypoint": q.Cmd[0], "arguments": q.Cmd[1:], "privileged": q.Privileged, "user": q.User},
	})
	return nil
}

// resize takes the size of a terminal that nothing here draws on.
func (s *Server) resize(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusOK)
	return nil
}
