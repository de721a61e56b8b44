package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/file"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/model"
)

// Environment is the name of the environment of the lab that runs.
const Environment = "lab"

// Session is a lab that runs, as its file tells other processes.
type Session struct {
	PID     int       `json:"pid"`
	Control string    `json:"control"` // path of the socket
	Epoch   time.Time `json:"epoch"`   // the lab's time at its start
	Speed   float64   `json:"speed"`
	File    string    `json:"environment"` // its runbook.yaml
}

// sessionFile is the file of a lab in a folder.
func sessionFile(dir string) string { return filepath.Join(dir, "session.json") }

// Find returns the lab that runs and has its files in dir; without one the error
// says how to start it.
func Find(dir string) (*Session, error) {
	s, err := find(dir)
	if err == nil && s == nil {
		err = &Error{None, &action.Failure{What: "no lab runs", Do: []string{"in another terminal: runbook lab up"}}}
	}
	return s, err
}

// find is the lab that runs, nil for none. A lab that ended without taking its
// file back is none.
func find(dir string) (*Session, error) {
	text, err := file.Read(sessionFile(dir), 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, storage(err)
	}
	s := &Session{}
	if json.Unmarshal(text, s) != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.call(ctx, "clock", nil, &moment{}) != nil {
		return nil, nil
	}
	return s, nil
}

// call asks the lab; body is nil for a question, else what to do.
func (s *Session) call(ctx context.Context, what string, body, result any) error {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.Control)
		},
	}
	method, text := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write what the lab is asked for: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://lab/"+what, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("ask the lab for %s: %w", what, err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return &action.Failure{What: "the lab does not answer: " + err.Error(), Where: fmt.Sprintf("process %d", s.PID), Do: []string{"runbook lab up"}, Err: err}
	}
	defer response.Body.Close()
	got, err := io.ReadAll(io.LimitReader(response.Body, 1<<22))
	if err != nil {
		return fmt.Errorf("read the lab's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return wrong("the lab refuses: "+strings.TrimSpace(string(got)), "runbook lab faults")
	}
	return json.Unmarshal(got, result)
}

func (s *Session) order(ctx context.Context, what string, f lab.Fault) (string, error) {
	var did answer
	err := s.call(ctx, what, f, &did)
	return did.Text, err
}

// Inject makes a fault in the lab and returns what it says.
func (s *Session) Inject(ctx context.Context, f lab.Fault) (string, error) {
	return s.order(ctx, "inject", f)
}

// Heal takes a fault of the lab back and returns what it says.
func (s *Session) Heal(ctx context.Context, f lab.Fault) (string, error) {
	return s.order(ctx, "heal", f)
}

// Forward lets up to [MostForward] pass in the lab and returns what it says.
func (s *Session) Forward(ctx context.Context, d time.Duration) (string, error) {
	return s.order(ctx, "forward", lab.Fault{For: d})
}

// World is the lab for stubs that change something in it.
type World struct{ *Session }

// Heal takes a fault of the lab back.
func (w World) Heal(fault string) error {
	name, on, _ := strings.Cut(fault, " on ")
	_, err := w.Session.Heal(context.Background(), lab.Fault{Name: name, On: on})
	return err
}

// Inject makes a fault in the lab.
func (w World) Inject(fault lab.Fault) error {
	_, err := w.Session.Inject(context.Background(), fault)
	return err
}

// Lasts reports whether a fault is in the lab; it is not where the lab does not answer.
func (w World) Lasts(fault string) bool {
	state, err := w.State(context.Background())
	return err == nil && state.Lasts(fault)
}

// State is what the lab is like now.
func (s *Session) State(ctx context.Context) (model.State, error) {
	var state model.State
	err := s.call(ctx, "state", nil, &state)
	return state, err
}

// Clock is the time of the lab, for a run against it. It is to be closed.
func (s *Session) Clock(ctx context.Context) (*clock.Clock, error) {
	var at moment
	if err := s.call(ctx, "clock", nil, &at); err != nil {
		return nil, err
	}
	return clock.Flow(at.Now, at.Speed), nil
}

// Environment reads the environment of the lab. Its runs reach nothing but the lab;
// of what would, the programs of this machine alone are left, and each is asked for.
func (s *Session) Environment(registry *action.Registry) (*environment.Environment, diag.List, error) {
	env, found, err := environment.Load(s.File, Environment, registry)
	if env != nil {
		env.Confine = &action.Confine{Because: "a run in the lab does not leave it", Programs: true, Reach: action.Reaches(env.Targets)}
		env.Policy.Approve = append(env.Policy.Approve, environment.Rule{Name: "shell.run", Unstubbed: true})
	}
	return env, found, err
}

// write makes the file, for the user alone.
func (s *Session) write(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the session of the lab: %w", err)
	}
	return writePrivate(file, text)
}

// writePrivate writes a file that its user alone can read, in one step.
func writePrivate(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return storage(err)
	}
	temporary := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return storage(err)
	}
	if err := os.Rename(temporary, file); err != nil {
		return storage(errors.Join(err, os.Remove(temporary)))
	}
	return nil
}
