package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/container"
	"runbook/lab/model"
)

// MostForward is how much time can pass at once.
const MostForward = 7 * 24 * time.Hour

// server takes orders and questions on a socket that its user alone can reach.
type server struct {
	lab  *lab.Lab
	app  *container.App // nil without a real container
	dir  string
	http *http.Server
}

// moment is what time it is in a lab.
type moment struct {
	Now   time.Time
	Speed float64
}

// answer is what a lab says it did.
type answer struct{ Text string }

func serve(l *lab.Lab, app *container.App) (*server, error) {
	dir, err := os.MkdirTemp("", "runbook-lab-control-") // 0700
	if err != nil {
		return nil, storage(err)
	}
	s := &server{lab: l, app: app, dir: dir}
	listener, err := net.Listen("unix", s.socket())
	if err != nil {
		return nil, storage(errors.Join(err, os.RemoveAll(dir)))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, l.State()) })
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, moment{Now: l.Clock().Now(), Speed: l.Clock().Speed()})
	})
	mux.HandleFunc("POST /inject", take(s.inject))
	mux.HandleFunc("POST /heal", take(s.heal))
	mux.HandleFunc("POST /forward", take(s.forward))
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }() // until close
	return s, nil
}

func (s *server) socket() string { return filepath.Join(s.dir, "control.sock") }

func (s *server) close() error { return errors.Join(s.http.Close(), os.RemoveAll(s.dir)) }

// take serves an order.
func take(do func(context.Context, lab.Fault) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var order lab.Fault
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&order); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, err := do(r.Context(), order)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sendJSON(w, answer{Text: text})
	}
}

func sendJSON(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text) // who asked is gone
}

func (s *server) inject(ctx context.Context, f lab.Fault) (string, error) {
	if s.app != nil {
		if told, done, err := s.app.Inject(ctx, f.Name); done || err != nil {
			return told, err
		}
	}
	if err := s.lab.Inject(f); err != nil {
		return "", err
	}
	text := "fault " + f.String() + " is injected"
	known, _ := model.Lookup(f.Name)
	switch {
	case f.For > 0:
		text += "; it heals by itself after " + schema.HumanDuration(f.For)
	case known.Settles > 0:
		text += "; its symptoms are plain after " + schema.HumanDuration(known.Settles) + " of the lab's time: runbook lab forward " + short(known.Settles)
	}
	return text, nil
}

func (s *server) heal(ctx context.Context, f lab.Fault) (string, error) {
	if s.app != nil {
		if told, done, err := s.app.Heal(ctx, f.Name); done || err != nil {
			return told, err
		}
	}
	if _, ok := model.Lookup(f.Name); !ok {
		return "", fmt.Errorf("there is no fault %q", f.Name)
	}
	name := f.String()
	state := s.lab.State()
	is := func(one string) bool { return one == name || strings.HasPrefix(one, name+" on ") }
	text := "fault " + name + " is healed"
	switch {
	case slices.ContainsFunc(state.Faults, is):
	case slices.ContainsFunc(state.Ended, is):
		text = "fault " + name + " had ended; what it left is taken back"
	default:
		return name + " is not injected; injected: " + orNone(state.Faults), nil
	}
	if err := s.lab.Heal(name); err != nil {
		return "", err
	}
	return text, nil
}

func (s *server) forward(ctx context.Context, f lab.Fault) (string, error) {
	if f.For <= 0 || f.For > MostForward {
		return "", errors.New("no duration that can pass at once")
	}
	if err := s.lab.Forward(ctx, f.For); err != nil {
		return "", err
	}
	state := s.lab.State()
	return fmt.Sprintf("%s have passed in the lab: memory %s, alerts %s", schema.HumanDuration(f.For), schema.HumanPercent(state.App.MemoryPercent), orNone(state.Alerts)), nil
}
