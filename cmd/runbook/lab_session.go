package main

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
	"runbook/lab/clock"
)

// labEnvironment is the name of the environment of the running lab.
const labEnvironment = "lab"

// session is a lab that runs, as its state file tells other processes.
type session struct {
	PID     int       `json:"pid"`
	Control string    `json:"control"` // path of the socket
	Epoch   time.Time `json:"epoch"`   // the lab's time at its start
	Speed   float64   `json:"speed"`
	File    string    `json:"environment"` // its runbook.yaml

	now func() time.Time // of its clock, once that was asked for
}

// time is the clock of the lab; nil without a lab.
func (s *session) time() func() time.Time {
	if s == nil {
		return nil
	}
	return s.now
}

// labDir is the folder of the state file and the environment of a lab.
func (a *app) labDir() (string, error) {
	state, err := a.state()
	if err != nil {
		return "", err
	}
	return filepath.Join(state.Dir(), "lab"), nil
}

func (a *app) sessionFile() (string, error) {
	dir, err := a.labDir()
	return filepath.Join(dir, "session.json"), err
}

// liveLab is the lab that runs; nil for none. A lab that ended without taking
// its file back is none.
func (a *app) liveLab() (*session, error) {
	file, err := a.sessionFile()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, storage(err)
	}
	s := &session{}
	if json.Unmarshal(text, s) != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.call(ctx, "clock", nil, &labTimeNow{}) != nil {
		return nil, nil
	}
	return s, nil
}

// runningLab is the lab that runs, or the error that says how to start one.
func (a *app) runningLab() (*session, error) {
	s, err := a.liveLab()
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, noLab()
	}
	return s, nil
}

func noLab() error {
	return &problem{code: exitInvalid, failure: &action.Failure{What: "no lab runs", Do: []string{"runbook lab up, in another terminal"}}}
}

// labTimeNow is what time it is in a lab.
type labTimeNow struct {
	Now   time.Time
	Speed float64
}

// labAnswer is what a lab says it did.
type labAnswer struct{ Text string }

// call asks the lab; body is nil for a question, else what to do.
func (s *session) call(ctx context.Context, what string, body, answer any) error {
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
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://lab/"+what, bytes.NewReader(text))
	if err != nil {
		return err
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
		return usage("the lab refuses: "+strings.TrimSpace(string(got)), "runbook lab faults")
	}
	return json.Unmarshal(got, answer)
}

// clock is the time of the lab, for a run against it. It is to be closed.
func (s *session) clock(ctx context.Context) (*clock.Clock, error) {
	var at labTimeNow
	if err := s.call(ctx, "clock", nil, &at); err != nil {
		return nil, err
	}
	return clock.Flow(at.Now, at.Speed), nil
}

// environment reads the environment of the lab.
func (s *session) environment(kinds []*action.TargetKind) (*environment.Environment, diag.List, error) {
	return environment.Load(s.File, labEnvironment, kinds)
}

// write makes the state file, for the user alone.
func (s *session) write(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
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
