package host

import (
	"context"
	"net"
	"strconv"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// PortParams are the parameters of host.port.
type PortParams struct {
	Host    string        `yaml:"host" default:"127.0.0.1" doc:"Name or address of the host."`
	Port    int           `yaml:"port" min:"1" max:"65535" doc:"The TCP port."`
	Timeout time.Duration `yaml:"timeout" default:"5s" min:"1ms" max:"5m" doc:"How long to wait for the connection."`
}

// Brief returns the address.
func (p PortParams) Brief() string { return net.JoinHostPort(p.Host, strconv.Itoa(p.Port)) }

// PortOutputs are the outputs of host.port.
type PortOutputs struct {
	Open      bool    `yaml:"open" doc:"Whether a TCP connection came about."`
	LatencyMS float64 `yaml:"latency_ms" doc:"Milliseconds until the connection, or until it was given up."`
	Error     string  `yaml:"error" doc:"Why there was no connection; empty where the port is open."`
}

// Summary returns the result in a few words.
func (o PortOutputs) Summary() string {
	after := schema.HumanMilliseconds(o.LatencyMS)
	if o.Open {
		return "open, " + after
	}
	return "closed: " + o.Error
}

// Port tries to connect to a TCP port. A closed port is an answer, no error.
var Port = action.New(action.Spec[PortParams, PortOutputs]{
	Name:    "host.port",
	Summary: "Tries to connect to a TCP port from this machine, and sends nothing.",
	Example: `
action: host.port
with: {port: 6379}
verify: [outputs.open]
`,
	Effect: action.Read,
	Takes:  func(p PortParams) time.Duration { return p.Timeout },
	Run:    connect,
})

func connect(ctx context.Context, call action.Call, p PortParams) (PortOutputs, error) {
	asked := action.Asked{Port: p.Brief()}
	answer, err := call.Confine.Connect(asked)
	if err != nil {
		return PortOutputs{}, err
	}
	limited, cancel := call.Clock.WithTimeout(ctx, p.Timeout)
	defer cancel()
	if answer != nil {
		return stubbed(ctx, limited, call, p, answer)
	}
	o, err := dial(ctx, limited, call, p)
	if err == nil {
		call.Confine.Record(asked, action.Answer{Closed: o.Error})
	}
	return o, err
}

// stubbed is a port in whose place a stub answers: no connection is made.
func stubbed(ctx, limited context.Context, call action.Call, p PortParams, by *action.Answer) (PortOutputs, error) {
	started := call.Clock.Now()
	late := by.Come(limited, call.Clock)
	if ctx.Err() != nil {
		return PortOutputs{}, unreadable("port "+p.Brief(), ctx.Err())
	}
	o := PortOutputs{Open: late == nil && by.Closed == "", LatencyMS: schema.Milliseconds(call.Clock.Now().Sub(started)), Error: by.Closed}
	if late != nil {
		o.Error = action.Unreachable(limited, late, action.Reach{Took: p.Timeout}).What
	}
	return o, nil
}

func dial(ctx, limited context.Context, call action.Call, p PortParams) (PortOutputs, error) {
	started := call.Clock.Now()
	var dialer net.Dialer
	conn, err := dialer.DialContext(limited, "tcp", p.Brief())
	o := PortOutputs{Open: err == nil, LatencyMS: schema.Milliseconds(call.Clock.Now().Sub(started))}
	if err == nil {
		return o, conn.Close()
	}
	if ctx.Err() != nil {
		return PortOutputs{}, unreadable("port "+p.Brief(), ctx.Err())
	}
	o.Error = action.Unreachable(limited, err, action.Reach{Took: p.Timeout}).What
	return o, nil
}
