package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

// Failed turns an error of the client into a Failure that is classed by how
// far the request came: not sent or refused with 4xx is not applied; an answer
// that Docker itself gives after trying (500) and a missing answer are lost,
// until the action finds out more.
func (e *Engine) Failed(a *Attempt, err error, c *Container) error {
	if err == nil {
		return nil
	}
	p := a.progress()
	where := e.Where()
	if c != nil && p.connected {
		where = e.whereOf(c)
	}
	if p.status >= 400 {
		return e.answered(p, where, err)
	}
	at := action.Reach{
		Where: where, Request: p.request, Server: "the Docker daemon", Address: e.host(), Setting: e.call.Setting("host"),
		Took: p.took, Sent: p.sent,
	}
	if p.status > 0 {
		at.Answer = fmt.Sprintf("status %d", p.status)
	}
	reason := err
	if p.dialErr != nil && !p.sent {
		reason = p.dialErr // the client hides why it has no connection
	}
	f := action.Unreachable(a.ctx, reason, at)
	if p.status == 0 {
		a.call.LogRequest("docker", p.request, f.What, p.took)
	}
	if socket, isSocket := strings.CutPrefix(e.config.Host, "unix://"); isSocket && !p.sent {
		e.noSocket(f, socket, reason)
	}
	if !e.told(reason) {
		f.Do = append([]string{e.Command("version")}, f.Do...)
	}
	return f
}

func (e *Engine) answered(p progress, where string, err error) error {
	f := &action.Failure{
		Applied: endpoint.Applied(p.status, nil), Final: p.status == 400 || p.status == 401 || p.status == 403, Err: err, Where: where,
		What:  fmt.Sprintf("Docker answered %d: %s", p.status, cause(err)),
		Tried: fmt.Sprintf("%s, once, %s", p.request, schema.HumanDuration(p.took)),
		Do:    []string{e.Command("ps -a")},
	}
	switch {
	case p.status == 401 || p.status == 403:
		f.Do = []string{"ask who runs the engine to allow it: a plugin or a proxy in front of it decides"}
	case p.status == 400 && (strings.Contains(f.What, "client is newer than server") || strings.Contains(f.What, "is too new")):
		f.Do = []string{"upgrade the engine: version 19.03 (API 1.40) or later is needed"}
	}
	return f
}

// noSocket says why a socket could not be opened.
func (e *Engine) noSocket(f *action.Failure, socket string, reason error) {
	switch {
	case errors.Is(reason, fs.ErrPermission):
		denied(f, socket)
	case errors.Is(reason, fs.ErrNotExist):
		f.What = "there is no such socket; the Docker daemon is stopped or listens elsewhere"
		f.Do = []string{"sudo systemctl start docker", "or set " + e.call.Setting("host")}
	case f.What == "connection refused":
		f.Seen = []string{"the socket exists and nobody listens on it"}
		f.Do = []string{"sudo systemctl start docker"}
	}
}

// host is where the engine listens: a host with its port, or "" for a socket.
func (e *Engine) host() string {
	if address, ok := strings.CutPrefix(e.config.Host, "tcp://"); ok {
		return address
	}
	return ""
}

func denied(f *action.Failure, socket string) {
	who, seen := describeSocket(socket)
	f.What, f.Final = "permission denied", true
	f.Tried = "to open the socket as " + who.text + ", once"
	f.Seen = seen
	f.Do = []string{"sudo usermod -aG docker " + who.name + ", log in again (gives root on this host)"}
}

// cause returns what the engine answered, in one line.
func cause(err error) string {
	text := strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "Error response from daemon: ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// WrongParam refuses a parameter that cannot work, before anything is sent.
func (e *Engine) WrongParam(name, what string, do ...string) error {
	return &action.Failure{Applied: action.AppliedNot, Final: true, What: "with." + name + ": " + what, Where: e.call.Step, Tried: "nothing was sent", Do: do}
}
