package prometheus

import (
	"errors"
	"net/http"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// queried is the answer to a query.
type queried struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     parser.Value     `json:"result"`
}

func (s *Server) instant(r *http.Request) (result, error) {
	at, err := momentOr(r, "time", s.now())
	if err != nil {
		return result{}, err
	}
	q, err := s.engine.NewInstantQuery(r.Context(), s.store, nil, r.FormValue("query"), at)
	if err != nil {
		return result{}, invalid("query", err)
	}
	return execute(r, q)
}

func (s *Server) overTime(r *http.Request) (result, error) {
	s.now()
	start, err := moment(r.FormValue("start"))
	if err != nil {
		return result{}, invalid("start", err)
	}
	end, err := moment(r.FormValue("end"))
	if err != nil {
		return result{}, invalid("end", err)
	}
	if end.Before(start) {
		return result{}, invalid("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := duration(r.FormValue("step"))
	if err != nil {
		return result{}, invalid("step", err)
	}
	if step <= 0 {
		return result{}, invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if end.Sub(start)/step > 11000 {
		return result{}, badData("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
	}
	q, err := s.engine.NewRangeQuery(r.Context(), s.store, nil, r.FormValue("query"), start, end, step)
	if err != nil {
		return result{}, invalid("query", err)
	}
	return execute(r, q)
}

// execute runs a query. Its limit of time is the engine's alone, for no time of
// the lab passes meanwhile.
func execute(r *http.Request, q promql.Query) (result, error) {
	got := q.Exec(r.Context())
	if got.Err != nil {
		q.Close()
		return result{}, executionError(got.Err)
	}
	// Close would give the samples back before they are sent.
	return result{queried{got.Value.Type(), got.Value}, got.Warnings, q.String()}, nil
}
