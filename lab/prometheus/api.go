package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"runbook/lab/gate"
)

// latency is how long an answer takes.
const latency = 3 * time.Millisecond

// answer is the envelope of every answer of the API.
type answer struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

// refusal is an error of the API with its type.
type refusal struct {
	kind string // bad_data, execution
	err  error
}

func (r *refusal) Error() string { return r.err.Error() }

// Unwrap returns what was wrong.
func (r *refusal) Unwrap() error { return r.err }

// status is that of HTTP for the type of the error.
func (r *refusal) status() int {
	return map[string]int{
		"bad_data": http.StatusBadRequest, "execution": http.StatusUnprocessableEntity, "canceled": 499,
		"timeout": http.StatusServiceUnavailable, "internal": http.StatusInternalServerError,
	}[r.kind]
}

func badData(format string, a ...any) error {
	return &refusal{"bad_data", fmt.Errorf(format, a...)}
}

func invalid(parameter string, err error) error {
	return badData("invalid parameter %q: %w", parameter, err)
}

// result is what a part of the API has to say.
type result struct {
	data     any
	warnings annotations.Annotations
	query    string
}

// handler is the whole server's.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	both := func(path string, do func(*http.Request) (result, error)) {
		mux.HandleFunc("GET /api/v1/"+path, s.api(do))
		mux.HandleFunc("POST /api/v1/"+path, s.api(do))
	}
	both("query", s.instant)
	both("query_range", s.overTime)
	for path, do := range map[string]func(*http.Request) (any, error){
		"targets": s.targets,
		"alerts":  s.listAlerts,
		"rules":   s.listRules,
	} {
		mux.HandleFunc("GET /api/v1/"+path, s.api(func(r *http.Request) (result, error) {
			data, err := do(r)
			return result{data: data}, err
		}))
	}
	plain := func(pattern string, status int, text string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		})
	}
	plain("GET /-/healthy", http.StatusOK, "Prometheus Server is Healthy.\n")
	plain("GET /-/ready", http.StatusOK, "Prometheus Server is Ready.\n")
	plain("POST /-/reload", http.StatusForbidden, "Lifecycle API is not enabled.")
	return mux
}

// api answers in the envelope.
func (s *Server) api(do func(*http.Request) (result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		gate.Take(r, latency)
		if err := r.ParseForm(); err != nil {
			refuse(w, badData("error parsing form values: %w", err))
			return
		}
		got, err := do(r)
		if err != nil {
			refuse(w, err)
			return
		}
		warnings, infos := got.warnings.AsStrings(got.query, 10, 10)
		send(w, http.StatusOK, answer{Status: "success", Data: got.data, Warnings: warnings, Infos: infos})
	}
}

func refuse(w http.ResponseWriter, err error) {
	known := &refusal{"internal", err}
	errors.As(err, &known)
	send(w, known.status(), answer{Status: "error", ErrorType: known.kind, Error: known.Error()})
}

func send(w http.ResponseWriter, status int, a answer) {
	text, err := json.Marshal(a)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// executionError is what the engine found wrong, with the type of the API.
func executionError(err error) error {
	var canceled promql.ErrQueryCanceled
	var late promql.ErrQueryTimeout
	switch {
	case errors.As(err, &late):
		return &refusal{"timeout", err}
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return &refusal{"canceled", err}
	}
	return &refusal{"execution", err}
}

// moment reads a time: seconds since 1970, or RFC 3339.
func moment(text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, part := math.Modf(seconds)
		part = math.Round(part*1000) / 1000
		return time.Unix(int64(whole), int64(part*float64(time.Second))).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
}

// momentOr reads a parameter that may be left out.
func momentOr(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	t, err := moment(text)
	if err != nil {
		return t, invalid(name, fmt.Errorf("Invalid time value for '%s': %w", name, err)) //nolint:staticcheck // as Prometheus says it
	}
	return t, nil
}

// duration reads seconds, or a duration as PromQL has it.
func duration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if d := seconds * float64(time.Second); d <= math.MaxInt64 && d >= math.MinInt64 {
			return time.Duration(d), nil
		}
		return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", text)
	}
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", text)
}
