package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"strings"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// invalid is a request that cannot be built from its parameters.
func invalid(where string, err error) error {
	return &action.Failure{Applied: action.AppliedNot, What: err.Error(), Where: "http " + where, Final: true, Err: err}
}

// failed says what became of a request without an answer. Before there was a
// connection nothing was sent; afterwards nobody knows.
func failed(ctx context.Context, m message, at reach, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		c := *own
		c.Where = "http " + m.String()
		return &c
	}
	f := &action.Failure{Applied: action.AppliedLost, Where: "http " + m.String(), Tried: progress(at), Err: unwrapURL(err)}
	if !at.hasConn {
		f.Applied = action.AppliedNot
	}
	f.What = what(ctx, at, err)
	if errors.Is(err, errRedirects) {
		f.Final = true
	}
	f.Do = advice(m, at, err)
	return f
}

// brokenOff says that an answer began and did not end.
func brokenOff(ctx context.Context, m message, at reach, status int, n int64, err error) error {
	f := &action.Failure{
		Applied: action.AppliedLost, Where: "http " + m.String(), Err: err,
		What:  "the answer broke off: " + what(ctx, at, err),
		Tried: "once; " + fmt.Sprintf("status %d and %s of the body came in %s", status, schema.HumanBytes(float64(n)), schema.HumanDuration(at.total)),
	}
	return f
}

func what(ctx context.Context, at reach, err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "cancelled after " + schema.HumanDuration(at.total)
	case ctx.Err() != nil || isTimeout(err):
		return "no answer in " + schema.HumanDuration(at.total)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the name %s is not known", dns.Name)
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s was not resolved: %s", dns.Name, dns.Err)
	case errors.As(err, &certificate):
		return "the certificate was not accepted: " + certificate.Err.Error()
	case errors.As(err, &record), errors.Is(err, nethttp.ErrSchemeMismatch):
		return "the server does not speak TLS; is the scheme http://?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "the server reset the connection without an answer"
	case strings.HasSuffix(unwrapURL(err).Error(), "EOF"):
		return "the server closed the connection without an answer"
	}
	return unwrapURL(err).Error()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// progress is how far a request came: "once; connected in 12ms, request sent,
// no first byte".
func progress(at reach) string {
	if !at.hasConn {
		to := ""
		if at.address != "" {
			to = " to " + at.address
		}
		return "once; no connection" + to + " after " + schema.HumanDuration(at.total) + ", nothing sent"
	}
	parts := []string{"once; connected in " + schema.HumanDuration(at.connected.Round(time.Millisecond))}
	if at.wrote {
		parts = append(parts, "request sent")
	} else {
		parts = append(parts, "request sent in part")
	}
	if at.firstByte {
		parts = append(parts, "the answer began")
	} else {
		parts = append(parts, "no first byte")
	}
	return strings.Join(parts, ", ")
}

func advice(m message, at reach, err error) []string {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return []string{"openssl s_client -connect " + net.JoinHostPort(m.url.Hostname(), port(m.url))}
	case !at.hasConn:
		return []string{"check that the service runs and listens at " + m.url.Host, "or correct base_url of the target in runbook.yaml"}
	}
	return []string{"look at the service's log", "or raise the step's timeout"}
}
