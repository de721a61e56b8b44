package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// failed says what became of a read that got no good answer.
func (s *server) failed(ctx context.Context, tried string, took time.Duration, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		c := *own
		c.Where = s.where
		return &c
	}
	f := &action.Failure{Where: s.where, Err: err, Tried: tried + ", once, " + schema.HumanDuration(took)}
	var dns *net.DNSError
	text := err.Error()
	switch {
	case refusedPassword(text):
		s.explainPassword(f, text, took)
	case strings.HasPrefix(text, "NOPERM"):
		f.What, f.Final = "the user may not do this ("+firstLine(text)+")", true
		f.Do = []string{"grant the command to the user, see ACL SETUSER"}
	case errors.Is(ctx.Err(), context.Canceled):
		f.What = "cancelled after " + schema.HumanDuration(took)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.What = "connection refused"
		f.Do = []string{"check that Redis runs and listens there, or correct address of the target in runbook.yaml"}
	case errors.As(err, &dns):
		f.What = "the name " + dns.Name + " is not known"
		f.Do = []string{"correct address of the target in runbook.yaml"}
	case ctx.Err() != nil || isTimeout(err):
		f.What = "no answer in " + schema.HumanDuration(took)
		f.Do = []string{"redis-cli -h HOST -p PORT --latency", "or raise the step's timeout"}
	case errors.Is(err, syscall.ECONNRESET) || strings.HasSuffix(text, "EOF"):
		f.What = "the server closed the connection without an answer"
		f.Do = []string{"check that a Redis server listens there, and whether it speaks TLS"}
	default:
		f.What = firstLine(text)
	}
	return f
}

// changeFailed is failed for a change: where the server answered, or was never
// reached, it made none.
func (s *server) changeFailed(ctx context.Context, tried string, took time.Duration, err error) error {
	var reply goredis.Error
	var op *net.OpError
	failure := s.failed(ctx, tried, took, err)
	if errors.As(err, &reply) || errors.Is(err, action.ErrDryRun) || errors.As(err, &op) && op.Op == "dial" {
		return action.NotApplied(failure)
	}
	return action.Lost(failure)
}

func refusedPassword(text string) bool {
	return strings.HasPrefix(text, "WRONGPASS") || strings.HasPrefix(text, "NOAUTH") ||
		strings.HasPrefix(text, "ERR AUTH") || strings.HasPrefix(text, "ERR invalid password")
}

func (s *server) explainPassword(f *action.Failure, text string, took time.Duration) {
	code, _, _ := strings.Cut(text, " ")
	user := s.user
	if user == "" {
		user = "default"
	}
	f.Final = true
	if s.password == "" {
		f.What = "the server asks for a password (" + code + ")"
		f.Do = []string{"set password of the target in runbook.yaml, as {secret: redis_password}"}
		return
	}
	f.What = "the password was refused (" + code + ")"
	f.Tried = fmt.Sprintf("AUTH as user %s with %s, once, %s", user, s.password, schema.HumanDuration(took))
	f.Do = []string{"check the secret that password of the target in runbook.yaml names"}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
