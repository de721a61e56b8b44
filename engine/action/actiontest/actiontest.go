// Package actiontest helps the tests of actions: it makes the Call that an
// action is given, and checks that a declaration is complete.
package actiontest

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"runbook/engine/action"
)

// Call returns a Call as a run makes it, with the system clock, a logger that
// writes to t, and clients that are closed when t ends. The configuration of
// the target, if one is given, stands under the keys of its TargetKind;
// "address" is its address to show.
func Call(t testing.TB, target ...map[string]any) action.Call {
	t.Helper()
	clients := action.NewClients()
	t.Cleanup(func() {
		if err := clients.Close(); err != nil {
			t.Errorf("close the clients: %v", err)
		}
	})
	call := action.Call{
		Clients:  clients,
		Log:      slog.New(slog.NewTextHandler(lines{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Progress: func(action.Progress) {},
		Clock:    action.SystemClock(),
		Run:      "20261124-test",
		Step:     "step",
	}
	if len(target) > 0 {
		address, _ := target[0]["address"].(string)
		call.Target = action.Target{Name: "target", Config: target[0], Address: address}
	}
	return call
}

// Bind decodes values for a, on call's target, and fails t if they do not fit.
func Bind(t testing.TB, a *action.Action, call action.Call, values map[string]any) action.Bound {
	t.Helper()
	bound, err := a.Decode(values, call.Target)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	return bound
}

// Run binds a to values, runs it and fails t if it fails.
func Run(t testing.TB, a *action.Action, call action.Call, values map[string]any) action.Result {
	t.Helper()
	result, err := Bind(t, a, call, values).Run(t.Context(), call)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	return result
}

// Logged runs a with these values and returns what was logged of its requests.
// It fails t if a value of a parameter that holds "private" is in it.
func Logged(t testing.TB, a *action.Action, call action.Call, values map[string]any) string {
	t.Helper()
	var log bytes.Buffer
	call.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, _ = Bind(t, a, call, values).Run(t.Context(), call)
	if strings.Contains(log.String(), "private") {
		t.Errorf("%s logs a value: %s", a.Name, &log)
	}
	return log.String()
}

// lines writes log lines to a test.
type lines struct{ t testing.TB }

// Write logs one line.
func (l lines) Write(line []byte) (int, error) {
	l.t.Log(string(line[:max(0, len(line)-1)]))
	return len(line), nil
}
