package action

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"runbook/engine/schema"
)

// maxWords bounds the text of an error that nobody has words for.
const maxWords = 200

// Reach is how far a request came that got no good answer, and what its reader
// is told to look at.
type Reach struct {
	Where   string // target and address: "redis at 10.0.4.12:6379"
	Request string // "PING"; "" where Where says it
	Server  string // what should answer: "Redis"
	Address string // where it should listen: "10.0.4.12:6379"
	Setting string // what gives the address: "address of the target cache in runbook.yaml"

	Took      time.Duration
	Dialed    string        // the address that was tried, where it is known
	Connected time.Duration // how long the connection took, where it is known
	Sent      bool          // a byte of the request may have left
	Answer    string        // what came of an answer that broke off: "status 200 and 4 bytes"
}

// Unreachable says in words why a request got no good answer. What never left
// is not applied; of the rest nobody knows. Families add what only they can
// tell, and keep their own words for the answers of their servers. A Failure in
// err, as that of a dry run, is kept.
func Unreachable(ctx context.Context, err error, at Reach) *Failure {
	var own *Failure
	if errors.As(err, &own) {
		c := *own
		c.Where = cmp.Or(c.Where, at.Where)
		return &c
	}
	f := &Failure{Applied: AppliedLost, Where: at.Where, Tried: at.tried(), Err: withoutURL(err)}
	if !at.Sent && at.Answer == "" {
		f.Applied = AppliedNot
	}
	var way *net.OpError
	if errors.As(err, &way) && way.Op == "proxyconnect" { // as net/http says it
		at.Server, at.Address, at.Setting = "the proxy", at.Dialed, "the proxy of the target in runbook.yaml, or HTTP_PROXY and HTTPS_PROXY"
	}
	at.explain(ctx, f, err)
	if way != nil && at.Server == "the proxy" {
		f.What = "the proxy was not reached: " + f.What
	}
	if at.Answer != "" {
		f.What = "the answer broke off: " + strings.TrimSuffix(f.What, " without an answer")
	}
	return f
}

// explain sets what went wrong, and what to do.
func (at Reach) explain(ctx context.Context, f *Failure, err error) {
	text := textOf(err)
	says := func(word string) bool { return strings.Contains(text, word) }
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case Cancelled(ctx):
		f.What = "cancelled after " + schema.HumanDuration(at.Took)
	case errors.As(err, &dns) && dns.IsNotFound:
		f.What, f.Do = "the name "+dns.Name+" is not known", at.correct()
	case says("no such host"):
		f.What, f.Do = "the name of the host is not known", at.correct()
	case errors.Is(err, syscall.ECONNREFUSED), says("connection refused"), says("actively refused"):
		f.What, f.Do = "connection refused", at.listens()
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		f.What, f.Do = "there is no route to the host", at.listens()
	case ctx.Err() != nil || isTimeout(err) || says("i/o timeout"):
		f.What, f.Do = "no answer in "+schema.HumanDuration(at.Took), at.look("or raise the step's timeout")
	case errors.As(err, &dns):
		f.What, f.Do = "the name "+dns.Name+" was not resolved: "+dns.Err, at.correct()
	case errors.As(err, &certificate):
		f.What, f.Do, f.Final = "the certificate was not accepted: "+certificate.Err.Error(), at.inspect(), true
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch), says("first record does not look like a TLS handshake"):
		f.What, f.Do = "the server does not speak TLS", at.correct()
	case errors.As(err, &alert), says("remote error: tls: "):
		f.What, f.Do, f.Final = "the server refused the TLS connection, as for want of a client's certificate: "+text, at.inspect(), true
		if says("certificate") { // by TLS 1.3 it says so after the first bytes of a request, and takes none
			f.Applied = AppliedNot
		}
	case says("malformed HTTP response"):
		f.What, f.Do = "the answer is not HTTP; does the server speak TLS?", at.correct()
	case errors.Is(err, syscall.ECONNRESET), says("connection reset by peer"):
		f.What, f.Do = "the server reset the connection without an answer", at.look()
	case errors.Is(err, syscall.EPIPE), says("broken pipe"):
		f.What, f.Do = "the server closed the connection while the request was sent", at.look()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.HasSuffix(text, "EOF"):
		f.What, f.Do = "the server closed the connection without an answer", at.look()
	default:
		f.What = text
	}
}

// Cancelled reports whether ctx was given up, and not because its time is over.
func Cancelled(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

func (at Reach) correct() []string {
	if at.Setting == "" {
		return nil
	}
	return []string{"correct " + at.Setting}
}

func (at Reach) listens() []string {
	if at.Address == "" {
		return at.correct()
	}
	do := []string{"check that " + cmp.Or(at.Server, "the server") + " runs and listens at " + at.Address}
	for _, other := range at.correct() {
		do = append(do, "or "+other)
	}
	return do
}

// look is what to do about a server that took the connection and kept silent;
// one that was not reached may not be there.
func (at Reach) look(more ...string) []string {
	if !at.Sent {
		return at.listens()
	}
	return append([]string{"look at the log of " + cmp.Or(at.Server, "the server")}, more...)
}

func (at Reach) inspect() []string {
	if at.Address == "" {
		return at.correct()
	}
	return []string{"openssl s_client -connect " + at.Address}
}

// tried is how far the request came: "PING, once; request sent, no first byte
// after 5.0s".
func (at Reach) tried() string {
	took := schema.HumanDuration(at.Took)
	how := "once; "
	if at.Request != "" {
		how = at.Request + ", once; "
	}
	if at.Connected > 0 {
		how += "connected in " + schema.HumanDuration(at.Connected.Round(time.Millisecond)) + ", "
	}
	switch {
	case at.Answer != "":
		return how + at.Answer + " came in " + took
	case at.Sent:
		return how + "request sent, no first byte after " + took
	case at.Dialed != "":
		return how + "no connection to " + at.Dialed + " after " + took + ", nothing sent"
	}
	return how + "no connection after " + took + ", nothing sent"
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// withoutURL drops the URL, which may hold a password, from an error.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

var socketURL = regexp.MustCompile(`"?https?://(%2F[^/\s":]*)[^\s"]*"?`)

// textOf returns the text of an error in one line, without the URL of its
// request. A socket is named as a file.
func textOf(err error) string {
	text := strings.Join(strings.Fields(withoutURL(err).Error()), " ")
	text = socketURL.ReplaceAllStringFunc(text, func(found string) string {
		path, bad := url.PathUnescape(socketURL.FindStringSubmatch(found)[1])
		if bad != nil {
			return "the socket"
		}
		return "the socket " + path
	})
	if len(text) <= maxWords {
		return text
	}
	return fmt.Sprintf("%s…", strings.ToValidUTF8(text[:maxWords], ""))
}
