package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Failed says what became of a request that got no good answer: err is the
// client's, what and do are the family's words for an answer that it
// understands, and may be empty. Before there was a connection nothing was
// sent; an answer below 500 is a refusal; beyond that nobody knows.
func (x *Exchange) Failed(err error, what string, do ...string) *action.Failure {
	var own *action.Failure
	if errors.As(err, &own) {
		c := *own
		c.Where = x.server.where
		return &c
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	f := &action.Failure{Applied: x.applied(), Where: x.server.where, Tried: x.tried(), What: what, Do: do, Err: unwrapURL(err)}
	switch {
	case x.status == 0 || x.ctx.Err() != nil:
		x.explainSilence(f, err)
	case x.status == http.StatusUnauthorized || x.status == http.StatusForbidden:
		x.explainCredentials(f)
	case x.status/100 == 3:
		f.Final = true
		f.What = fmt.Sprintf("it answered with a redirect (%d)", x.status)
		if to, parsed := url.Parse(x.location); parsed == nil && to.Host != "" {
			f.What += " to " + shown(to)
		}
		f.Do = []string{"correct url of the target in runbook.yaml: something else stands before the server, as a login page"}
	case what == "":
		x.explainAnswer(f, err)
	}
	return f
}

func (x *Exchange) applied() action.Applied {
	if !x.hasConn || x.status >= 300 && x.status < 500 {
		return action.AppliedNot
	}
	return action.AppliedLost
}

func (x *Exchange) explainSilence(f *action.Failure, err error) {
	took := schema.HumanDuration(x.took())
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(x.ctx.Err(), context.Canceled):
		f.What = "cancelled after " + took
	case x.ctx.Err() != nil || isTimeout(err):
		f.What = "no answer in " + took
		f.Do = []string{"curl -i " + x.server.base.String() + "/-/ready"}
	case errors.As(err, &dns):
		f.What = "the name " + dns.Name + " is not known"
		f.Do = x.correctURL()
	case errors.As(err, &certificate):
		f.What = "the certificate was not accepted: " + certificate.Err.Error()
		f.Do = []string{"openssl s_client -connect " + x.server.base.Host}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		f.What = "the server does not speak TLS; is the scheme http://?"
		f.Do = x.correctURL()
	case errors.Is(err, syscall.ECONNREFUSED):
		f.What = "connection refused"
		f.Do = append([]string{"check that the server runs and listens at " + x.server.base.Host}, x.correctURL()...)
	case errors.Is(err, syscall.ECONNRESET):
		f.What = "the server reset the connection without an answer"
	case strings.HasSuffix(unwrapURL(err).Error(), "EOF"):
		f.What = "the server closed the connection without an answer"
	default:
		f.What = unwrapURL(err).Error()
	}
}

func (x *Exchange) explainCredentials(f *action.Failure) {
	f.Final = true
	shows := x.server.config.credentials()
	if shows == "" {
		f.What = fmt.Sprintf("the server asks for credentials (%d)", x.status)
		f.Do = []string{"set username and password, or token, of the target in runbook.yaml, as {secret: name}"}
		return
	}
	f.What = fmt.Sprintf("the credentials were refused (%d)", x.status)
	f.Tried += ", as " + shows
	f.Do = []string{"check the secret that the target in runbook.yaml names"}
}

func (x *Exchange) explainAnswer(f *action.Failure, err error) {
	switch {
	case x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed:
		f.What, f.Final = fmt.Sprintf("there is no API of %s below this URL (%d)", x.server.protocol.Kind, x.status), true
		f.Do = x.correctURL()
	case x.status == http.StatusServiceUnavailable:
		f.What = "the server is not ready (503)"
		f.Do = []string{"curl -i " + x.server.base.String() + "/-/ready"}
	case x.status >= 400:
		f.What = fmt.Sprintf("the server answered %d %s", x.status, strings.ToLower(http.StatusText(x.status)))
		f.Do = []string{"look at the server's log"}
	default:
		f.What = fmt.Sprintf("the answer (%d) is none of %s: %s", x.status, x.server.protocol.Kind, firstLine(unwrapURL(err).Error()))
		f.Do = x.correctURL()
	}
}

func (x *Exchange) correctURL() []string {
	return []string{"correct url of the target in runbook.yaml"}
}

func (x *Exchange) took() time.Duration { return x.clock.Now().Sub(x.began) }

// tried is how far the request came.
func (x *Exchange) tried() string {
	took := schema.HumanDuration(x.took())
	switch {
	case x.request == "":
		return "nothing was sent"
	case x.status != 0:
		return fmt.Sprintf("%s, once, %d in %s", x.request, x.status, took)
	case !x.hasConn && x.address != "":
		return x.request + ", once; no connection to " + x.address + " after " + took + ", nothing sent"
	case !x.hasConn:
		return x.request + ", once; no connection after " + took + ", nothing sent"
	case x.firstByte:
		return x.request + ", once; the answer broke off after " + took
	case x.wrote:
		return x.request + ", once; request sent, no first byte after " + took
	}
	return x.request + ", once; request sent in part, " + took
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// unwrapURL drops the URL, which may hold a password, from an error.
func unwrapURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
