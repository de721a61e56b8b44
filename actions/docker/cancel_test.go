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

// A context that is cancelled, without a deadline, ends a request in flight: nothing
// else does.
func TestACancelledRequestEndsAtOnce(t *testing.T) {
	f := newFake(t, app())
	f.answer = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		<-r.Context().Done()
		return true
	}
	call := f.call(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := actiontest.Bind(t, Inspect, call, map[string]any{"container": "app"}).Run(ctx, call)
	if failure := action.AsFailure(err); !strings.Contains(failure.What, "cancelled") {
		t.Errorf("%+v", failure)
	}
}
