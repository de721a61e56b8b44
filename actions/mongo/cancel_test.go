package mongo

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// driverTimeout is how long the driver looks for a server, and waits for one to greet
// it, by itself.
const driverTimeout = 30 * time.Second

// A context that is cancelled, without a deadline, ends a command in flight and
// the search for a server, and not only the driver's timeout does.
func TestACancelledCommandEndsAtOnce(t *testing.T) {
	silent := newFake(t, func(string) bson.D { return nil })
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and greets nobody
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for name, address := range map[string]string{"in flight": silent.address, "no greeting": mute.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			call := callTo(t, address)
			ctx, cancel := context.WithCancel(t.Context())
			began := time.Now()
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err := actiontest.Bind(t, Ping, call, nil).Run(ctx, call)
			if took := time.Since(began); took < 50*time.Millisecond || took >= driverTimeout {
				t.Errorf("it ended after %v", took)
			}
			if f := action.AsFailure(err); !strings.HasPrefix(f.What, "cancelled after ") {
				t.Errorf("%+v", f)
			}
		})
	}
}
