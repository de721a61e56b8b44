package main

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
	"runbook/lab/model"
)

// control serves the other verbs of `lab` on a socket that its user alone can
// reach.
type control struct {
	lab    *lab.Lab
	real   *realApp // nil without --docker
	dir    string
	server *http.Server
}

func serveControl(l *lab.Lab, real *realApp) (*control, error) {
	dir, err := os.MkdirTemp("", "runbook-lab-control-") // 0700
	if err != nil {
		return nil, storage(err)
	}
	c := &control{lab: l, real: real, dir: dir}
	listener, err := net.Listen("unix", c.socket())
	if err != nil {
		return nil, storage(errors.Join(err, os.RemoveAll(dir)))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, l.State()) })
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, labTimeNow{Now: l.Clock().Now(), Speed: l.Clock().Speed()})
	})
	mux.HandleFunc("POST /inject", c.take(c.inject))
	mux.HandleFunc("POST /heal", c.take(c.heal))
	mux.HandleFunc("POST /forward", c.take(c.forward))
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.server.Serve(listener) }() // until close
	return c, nil
}

func (c *control) socket() string { return filepath.Join(c.dir, "control.sock") }

func (c *control) close() error { return errors.Join(c.server.Close(), os.RemoveAll(c.dir)) }

// take serves an order.
func (c *control) take(do func(context.Context, lab.Fault) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var order injection
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&order); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, err := do(r.Context(), order.Fault)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sendJSON(w, labAnswer{Text: text})
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

func (c *control) inject(ctx context.Context, f lab.Fault) (string, error) {
	if c.real != nil && leakOf(f.Name) != "" {
		if err := c.real.leak(ctx, leakOf(f.Name), realLeak); err != nil {
			return "", err
		}
		return fmt.Sprintf("fault %s is injected into container %s: it leaks %s each second", f.Name, c.real.name, realLeak), nil
	}
	if err := c.lab.Inject(f); err != nil {
		return "", err
	}
	text := "fault " + f.String() + " is injected"
	known, _ := model.Lookup(f.Name)
	switch {
	case f.For > 0:
		text += "; it heals by itself after " + schema.HumanDuration(f.For)
	case known.Settles > 0:
		text += "; its symptoms are plain after " + schema.HumanDuration(known.Settles) + " of the lab's time: runbook lab forward " + shortDuration(known.Settles)
	}
	return text, nil
}

func (c *control) heal(ctx context.Context, f lab.Fault) (string, error) {
	if c.real != nil && leakOf(f.Name) != "" {
		if err := c.real.leak(ctx, leakOf(f.Name), "0"); err != nil {
			return "", err
		}
		return "the leak has ended; what was leaked stays until the container is restarted", nil
	}
	if _, ok := model.Lookup(f.Name); !ok {
		return "", fmt.Errorf("there is no fault %q", f.Name)
	}
	name := f.String()
	injected := c.lab.State().Faults
	if !slices.ContainsFunc(injected, func(one string) bool { return one == name || strings.HasPrefix(one, name+" on ") }) {
		return name + " is not injected; injected: " + orNone(strings.Join(injected, ", ")), nil
	}
	if err := c.lab.Heal(name); err != nil {
		return "", err
	}
	return "fault " + name + " is healed", nil
}

func (c *control) forward(ctx context.Context, f lab.Fault) (string, error) {
	if f.For <= 0 || f.For > mostForward {
		return "", errors.New("no duration that can pass at once")
	}
	if err := c.lab.Forward(ctx, f.For); err != nil {
		return "", err
	}
	s := c.lab.State()
	return fmt.Sprintf("%s have passed in the lab: memory %s, alerts %s", schema.HumanDuration(f.For), schema.HumanPercent(s.App.MemoryPercent), orNone(strings.Join(s.Alerts, ", "))), nil
}
