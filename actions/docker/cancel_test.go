package docker

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// A context that is cancelled, without a deadline, ends a request in flight at
// once.
func TestACancelledRequestEndsAtOnce(t *testing.T) {
	f := newFake(t, app())
	f.answer = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		<-r.Context().Done()
		return true
	}
	call := f.call(t)
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := actiontest.Bind(t, Inspect, call, map[string]any{"container": "app"}).Run(ctx, call)
	if took := time.Since(began); took < 50*time.Millisecond || took > 500*time.Millisecond {
		t.Errorf("it ended after %v", took)
	}
	if failure := action.AsFailure(err); !strings.Contains(failure.What, "cancelled") {
		t.Errorf("%+v", failure)
	}
}
