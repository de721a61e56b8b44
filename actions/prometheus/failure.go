package prometheus

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

// failed says what became of a request that got no good answer; query is the
// PromQL that was sent, if it was one.
func (s *server) failed(x *endpoint.Exchange, query string, err error) error {
	kind, message := explained(err)
	switch kind {
	case v1.ErrBadData:
		message = strings.TrimPrefix(message, `invalid parameter "query": `)
		f := s.Failed(x, err, "the query is refused: "+message, "correct with.query", s.command(query))
		f.Final = true
		f.Seen = append(f.Seen, "query: "+query)
		return f
	case v1.ErrExec:
		f := s.Failed(x, err, "the query could not be evaluated: "+message, s.command(query))
		f.Seen = append(f.Seen, "query: "+query)
		return f
	case v1.ErrTimeout:
		f := s.Failed(x, err, "the server gave the query up: "+message, "ask for less: fewer series, a shorter range, a recording rule")
		f.Seen = append(f.Seen, "query: "+query)
		return f
	case v1.ErrBadResponse:
		if strings.Contains(message, `unexpected value type "string"`) { // the library does not decode it
			return s.unfit(query, "the query gives text", "write an expression over metrics")
		}
	case v1.ErrCanceled:
		return s.Failed(x, err, "the server gave the query up: "+message)
	}
	if message != "" && x.Status() == http.StatusServiceUnavailable {
		return s.Failed(x, err, "the server is not ready (503): "+message)
	}
	return s.Failed(x, err, "")
}

// command returns the line that evaluates a query by hand.
func (s *server) command(query string) string {
	return "promtool query instant " + s.Shown() + " " + action.Quote(query)
}

// explained returns type and text of Prometheus' own errors, "" for any other.
// Of a 5xx the library keeps the answer and does not read it.
func explained(err error) (v1.ErrorType, string) {
	var e *v1.Error
	if !errors.As(err, &e) {
		return "", ""
	}
	if e.Type != v1.ErrServer {
		return e.Type, e.Msg
	}
	var answer struct {
		Type    v1.ErrorType `json:"errorType"`
		Message string       `json:"error"`
	}
	if json.Unmarshal([]byte(e.Detail), &answer) != nil {
		text, _, _ := strings.Cut(strings.TrimSpace(e.Detail), "\n")
		return "", text[:min(len(text), 200)]
	}
	return answer.Type, answer.Message
}

// unfit is an answer of another form than the action takes.
func (s *server) unfit(query, what string, do ...string) error {
	return &action.Failure{What: what, Where: s.Where(), Seen: []string{"query: " + query}, Do: do, Final: true}
}

// otherForm is a value of a type that the action does not take, nil where the answer
// has none.
func (s *server) otherForm(query string, value model.Value) error {
	if value == nil {
		return s.unfit(query, "the answer holds no result", "look at what answers at "+s.Shown()+": a proxy may have changed it", s.command(query))
	}
	return s.unfit(query, "the query gives a "+value.Type().String(), "write an expression over metrics")
}
