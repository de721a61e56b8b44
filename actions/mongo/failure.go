package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Codes of the server's errors, as its manual has them.
const (
	codeUnauthorized         = 13
	codeAuthenticationFailed = 18
	codeAtlasError           = 8000
)

// failed says what became of a read that got no good answer.
func (s *server) failed(ctx context.Context, command string, took time.Duration, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		c := *own
		c.Where = s.where
		return &c
	}
	f := &action.Failure{Where: s.where, Err: err, Tried: fmt.Sprintf("%s, once, %s", command, schema.HumanDuration(took))}
	var answered driver.CommandError
	isAnswer := errors.As(err, &answered) && answered.Code != 0
	text := err.Error()
	switch {
	case isAnswer && answered.Code == codeUnauthorized:
		f.What, f.Final = "the user may not do this (Unauthorized)", true
		f.Do = []string{"grant the role clusterMonitor to the user that uri names"}
	case isAnswer && (answered.Code == codeAuthenticationFailed || answered.Code == codeAtlasError) || strings.Contains(text, "AuthenticationFailed") || strings.Contains(text, "auth error"):
		s.explainPassword(f)
	case isAnswer:
		f.What = fmt.Sprintf("%s: %s", answered.Name, answered.Message)
	case errors.Is(ctx.Err(), context.Canceled):
		f.What = "cancelled after " + schema.HumanDuration(took)
	case strings.Contains(text, "server selection"):
		s.explainSelection(f, command, text, took)
	case ctx.Err() != nil || driver.IsTimeout(err):
		f.What = "no answer in " + schema.HumanDuration(took)
		f.Do = []string{"look at the log of the server", "or raise the step's timeout"}
	case driver.IsNetworkError(err):
		f.What = "the connection broke before the answer: " + cause(text)
	default:
		f.What = cause(text)
	}
	return f
}

func (s *server) explainPassword(f *action.Failure) {
	f.What, f.Final = "the credentials were refused (AuthenticationFailed)", true
	if s.secret != "" {
		f.Tried = "to log in with " + s.secret + ", once"
	}
	f.Do = []string{"check user, password and authSource in uri of the target in runbook.yaml"}
}

func (s *server) explainSelection(f *action.Failure, command, text string, took time.Duration) {
	f.What = "no server answered in " + schema.HumanDuration(took)
	f.Tried = command + "; the last error: " + cause(text)
	f.Do = []string{"check that MongoDB runs and listens there, or correct uri of the target in runbook.yaml"}
}

// cause shortens an error of the driver, which quotes its topology, to the
// words that say why.
func cause(text string) string {
	for _, known := range [][2]string{
		{"connection refused", "connection refused"}, {"no such host", "the name of the host is not known"},
		{"i/o timeout", "no answer"}, {"connection reset by peer", "connection reset by peer"},
		{"certificate", "the certificate was not accepted"}, {"EOF", "the server closed the connection"},
	} {
		if strings.Contains(text, known[0]) {
			return known[1]
		}
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}
