package docker

import (
	"context"
	"net"
	"net/http"

	"github.com/docker/go-connections/sockets"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/internal/remote"
)

// Engine is one step's view of a Docker engine: the run's shared client, and
// what failures say about where it is.
type Engine struct {
	API    *client.Client
	call   action.Call
	config targetConfig
}

func Open(call action.Call) (*Engine, error) {
	config, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil {
		return nil, err
	}
	over, err := overSSH(call, config)
	if err != nil {
		return nil, err
	}
	e := &Engine{call: call, config: config}
	api, err := action.Client(call, "docker", func() (*client.Client, error) { return newClient(config, over, call) })
	if err != nil {
		return nil, err
	}
	e.API = api
	return e, nil
}

// Where names the engine: "docker at unix:///var/run/docker.sock".
func (e *Engine) Where() string { return e.call.Target.Name + " at " + e.call.Target.Address }

// whereOf names a container: "container app (3f9c2b71a0de) on docker, tcp://…".
func (e *Engine) whereOf(c *Container) string {
	return "container " + c.name + " (" + ShortID(c.id) + ") on " + e.call.Target.Name + ", " + e.call.Target.Address
}

// Command returns a docker command line for this engine that can be pasted.
func (e *Engine) Command(arguments string) string {
	return commandFor(e.call.Target, e.config, arguments)
}

func commandFor(target action.Target, config targetConfig, arguments string) string {
	if config.Host == client.DefaultDockerHost {
		return "docker " + arguments
	}
	text := "docker -H " + action.Quote(target.Address)
	files := []struct{ flag, file string }{{"--tlscacert", config.CAFile}, {"--tlscert", config.ClientCert}}
	if !config.ClientKey.IsSecret() {
		files = append(files, struct{ flag, file string }{"--tlskey", config.ClientKey.Reveal()})
	}
	for _, of := range files {
		if of.file != "" {
			text += " " + of.flag + " " + action.Quote(of.file)
		}
	}
	switch {
	case config.Insecure:
		text += " --tls"
	case config.Given():
		text += " --tlsverify"
	}
	return text + " " + arguments
}

// Looking is a docker command line that reads, for the engine of a call.
func Looking(call action.Call, arguments string) string {
	config, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil {
		return ""
	}
	return commandFor(call.Target, config, arguments)
}

// inspecting is the command that shows of the container of a change what it is about,
// as a template of docker inspect.
func inspecting[P interface{ named() string }](template string) func(action.Call, P, []action.Subject) string {
	return func(call action.Call, p P, subjects []action.Subject) string {
		return Looking(call, "inspect -f "+action.Quote(template)+" "+containerOf(p, subjects))
	}
}

// containerOf is the name of the container, where it is known; in a playbook it may be
// that of its service.
func containerOf(p interface{ named() string }, subjects []action.Subject) string {
	name := p.named()
	if len(subjects) == 1 {
		name = subjects[0].Name
	}
	return action.Quote(name)
}

// stateAndStart is what starts, stops and pauses change.
const stateAndStart = "{{.State.Status}}, started {{.State.StartedAt}}"

// newClient opens no connection. The client negotiates the version of the API
// by itself, retries nothing that changes something (net/http repeats GET and
// HEAD only), and in a dry run refuses whatever is not a read.
func newClient(config targetConfig, over *remote.Host, call action.Call) (*client.Client, error) {
	if err := checkHost(config.Host); err != nil {
		return nil, err
	}
	transport, err := newTransport(config, over)
	if err != nil {
		return nil, err
	}
	options := []client.Opt{
		client.WithHost(config.socketURL()),
		client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
	}
	if call.DryRun {
		options = append(options, client.WithHTTPRequestHook(guard{target: call.Target}.pass))
	}
	options = append(options, client.WithHTTPRequestHook(noteRequest), client.WithHTTPResponseHook(noteResponse))
	return client.New(options...)
}

// newTransport returns the transport that the client would make, with a dialer
// that notes why a connection was not had: the client hides it.
func newTransport(config targetConfig, over *remote.Host) (*http.Transport, error) {
	u, err := client.ParseHostURL(config.socketURL())
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	if err := sockets.ConfigureTransport(transport, u.Scheme, u.Host); err != nil {
		return nil, err
	}
	if config.Given() {
		if transport.TLSClientConfig, err = config.Config(); err != nil {
			return nil, err
		}
	}
	dial := transport.DialContext
	if over != nil {
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return over.Dial(ctx, config.socketThere()) }
	}
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if a := attemptOf(ctx); a != nil && err != nil {
			a.notConnected(err)
		}
		return conn, err
	}
	return transport, nil
}
