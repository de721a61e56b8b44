package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Failed says what became of a request that got no good answer: err is the
// client's, what and do are the family's words for an answer that it
// understands, and may be empty.
func (s *Server) Failed(x *Exchange, err error, what string, do ...string) *action.Failure {
	var own *action.Failure
	x.mu.Lock()
	status, header := x.status, x.header
	request := x.reach.Request
	x.mu.Unlock()
	if status == 0 || x.ctx.Err() != nil || errors.As(err, &own) {
		return x.Unanswered(err)
	}
	f := &action.Failure{
		Applied: Applied(status, header), Answered: true, Where: s.Where(), What: what, Do: do, Err: err,
		Tried: fmt.Sprintf("%s, once, %d in %s", request, status, schema.HumanDuration(x.Took())),
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		s.explainCredentials(f, status)
	case Redirects(status):
		f.Final = true
		f.What = fmt.Sprintf("it answered with a redirect (%d)", status)
		if to, parsed := url.Parse(header.Get("Location")); parsed == nil && to.Host != "" {
			f.What += " to " + Shown(to, false)
		}
		f.Do = []string{"correct " + s.setting + ": something else stands before the server, as a login page"}
	case what == "":
		s.explainAnswer(f, status, err)
	}
	return f
}

// Applied is what is known of a change that was answered with that status and
// did not succeed: a redirect, a 4xx, 501, and 503 with the time to come again
// are refusals; after any other 5xx nobody knows.
func Applied(status int, header http.Header) action.Applied {
	later := status == http.StatusServiceUnavailable && header.Get("Retry-After") != ""
	if status >= 300 && status < 500 || status == http.StatusNotImplemented || later {
		return action.AppliedNot
	}
	return action.AppliedLost
}

// Redirects reports whether a status sends the client elsewhere; 304 does not.
func Redirects(status int) bool {
	return slices.Contains([]int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}, status)
}

func (s *Server) explainCredentials(f *action.Failure, status int) {
	f.Final = true
	shows := s.config.Credentials()
	if shows == "" {
		f.What = fmt.Sprintf("the server asks for credentials (%d)", status)
		f.Do = []string{"set username and password, or token, of the target in runbook.yaml, as {secret: name}"}
		return
	}
	f.What = fmt.Sprintf("the credentials were refused (%d)", status)
	f.Tried += ", as " + shows
	f.Do = []string{"check the secret that the target in runbook.yaml names"}
}

func (s *Server) explainAnswer(f *action.Failure, status int, err error) {
	correct := []string{"correct " + s.setting}
	switch {
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		f.What, f.Final = fmt.Sprintf("there is no API of %s below this URL (%d)", s.protocol.Kind, status), true
		f.Do = correct
	case status == http.StatusServiceUnavailable:
		f.What = "the server is not ready (503)"
		f.Do = []string{"curl -i " + s.shown + "/-/ready"}
	case status >= 400:
		f.What = fmt.Sprintf("the server answered %d %s", status, strings.ToLower(http.StatusText(status)))
		f.Do = []string{"look at the server's log"}
	default:
		why, _, _ := strings.Cut(mistaken(err), "\n")
		f.What = fmt.Sprintf("the answer (%d) is none of %s: %s", status, s.protocol.Kind, why)
		f.Do = correct
	}
}

// mistaken says of an answer what is wrong with it, without the words of Go.
func mistaken(err error) string {
	var syntax *json.SyntaxError
	var other *json.UnmarshalTypeError
	var date *time.ParseError
	switch {
	case errors.As(err, &syntax):
		return "it is no JSON"
	case errors.As(err, &date):
		return "a time in it is not written as in RFC 3339"
	case errors.As(err, &other) && other.Field != "":
		found, _, _ := strings.Cut(other.Value, " ") // a number comes with its digits
		return fmt.Sprintf("%s in it is of another type: %s", other.Field, found)
	case errors.As(err, &other):
		found, _, _ := strings.Cut(other.Value, " ")
		return fmt.Sprintf("it is of another type: %s", found)
	}
	return err.Error()
}
