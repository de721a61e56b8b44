package docker

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// failed turns an error of the client into a Failure that is classed by how
// far the request came: not sent or refused with 4xx is not applied; an answer
// that Docker itself gives after trying (500) and a missing answer are lost,
// until the action finds out more.
func (e *engine) failed(a *attempt, err error, c *found) error {
	if err == nil {
		return nil
	}
	var known *action.Failure
	if errors.As(err, &known) {
		f := *known
		if f.Where == "" {
			f.Where = e.where()
		}
		return &f
	}
	p := a.progress()
	f := &action.Failure{Err: err, Where: e.where(), Applied: action.AppliedLost}
	if c != nil && p.connected {
		f.Where = e.whereOf(c)
	}
	switch {
	case p.status >= 400:
		e.answered(f, p, err)
	case p.status > 0:
		f.What = "the answer broke off: " + cause(err)
		f.Tried = p.request + ", once, " + schema.HumanDuration(p.took)
		f.Do = []string{e.command("ps -a")}
	case p.sent:
		e.unanswered(f, p, err)
	default:
		f.Applied = action.AppliedNot
		e.unconnected(f, p, err)
	}
	return f
}

func (e *engine) answered(f *action.Failure, p progress, err error) {
	f.What = fmt.Sprintf("Docker answered %d: %s", p.status, cause(err))
	f.Tried = fmt.Sprintf("%s, once, %s", p.request, schema.HumanDuration(p.took))
	f.Do = []string{e.command("ps -a")}
	if p.status < 500 {
		f.Applied = action.AppliedNot
		f.Final = p.status == 400 || p.status == 401 || p.status == 403
	}
}

func (e *engine) unanswered(f *action.Failure, p progress, err error) {
	f.What = "the connection broke before the answer: " + cause(err)
	how := "once; connected, request sent, no first byte"
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.What = "no answer in " + schema.HumanDuration(p.took)
	case errors.Is(err, context.Canceled):
		f.What, how = "cancelled before the answer", "once; request sent"
	}
	f.Tried = p.request + ", " + how + ", after " + schema.HumanDuration(p.took)
	f.Do = []string{e.command("version"), "sudo systemctl status docker on the engine's host"}
}

func (e *engine) unconnected(f *action.Failure, p progress, err error) {
	reason := p.dialErr
	if reason == nil {
		reason = err
	}
	took := schema.HumanDuration(p.took)
	socket, isSocket := strings.CutPrefix(e.settings.host, "unix://")
	f.Tried = "to connect, once, " + took
	if isSocket {
		f.Tried = "to open the socket, once, " + took
	}
	f.Do = []string{e.command("version"), "check host of the target " + e.call.Target.Name + " in runbook.yaml"}
	var name *net.DNSError
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var badCertificate *x509.CertificateInvalidError
	switch {
	case errors.Is(err, context.Canceled):
		f.What = "cancelled before anything was sent"
	case errors.Is(reason, fs.ErrPermission):
		denied(f, socket)
	case errors.Is(reason, fs.ErrNotExist) && isSocket:
		f.What = "there is no such socket; the Docker daemon is stopped or listens elsewhere"
		f.Do = []string{"sudo systemctl start docker", "or set host of the target " + e.call.Target.Name + " in runbook.yaml"}
	case isRefused(reason):
		f.What = "connection refused; the Docker daemon is not running there"
		if isSocket {
			f.Seen = []string{"the socket exists and nobody listens on it"}
			f.Do = []string{"sudo systemctl start docker"}
		}
	case errors.As(reason, &name):
		f.What, f.Final = "the name "+name.Name+" is not known", true
	case errors.As(err, &unknown), errors.As(err, &wrongHost), errors.As(err, &badCertificate):
		f.What, f.Final = "the engine's certificate was refused: "+cause(err), true
		f.Do = []string{"check tls_ca of the target " + e.call.Target.Name + " in runbook.yaml"}
	case errors.Is(reason, context.DeadlineExceeded), isTimeout(reason):
		f.What = "no connection in " + took
	default:
		f.What = "no connection: " + cause(reason)
	}
}

func denied(f *action.Failure, socket string) {
	who, seen := describeSocket(socket)
	f.What, f.Final = "permission denied", true
	f.Tried = "to open the socket as " + who.text + ", once"
	f.Seen = seen
	f.Do = []string{"sudo usermod -aG docker " + who.name + ", log in again (gives root on this host)"}
}

func isRefused(err error) bool {
	const windowsRefused = syscall.Errno(10061)
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, windowsRefused)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// cause returns an error's text in one line without the client's preambles.
func cause(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	for _, preamble := range []string{"error during connect: ", "Error response from daemon: "} {
		text = strings.TrimPrefix(text, preamble)
	}
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// wrongParam refuses a parameter that cannot work, before anything is sent.
func (e *engine) wrongParam(name, what string, do ...string) error {
	return &action.Failure{Applied: action.AppliedNot, Final: true, What: "with." + name + ": " + what, Where: e.call.Step, Tried: "nothing was sent", Do: do}
}
