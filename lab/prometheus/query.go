package prometheus

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
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
	options, err := queryOptions(r)
	if err != nil {
		return result{}, err
	}
	q, err := s.engine.NewInstantQuery(r.Context(), s.store, options, r.FormValue("query"), at)
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
	options, err := queryOptions(r)
	if err != nil {
		return result{}, err
	}
	q, err := s.engine.NewRangeQuery(r.Context(), s.store, options, r.FormValue("query"), start, end, step)
	if err != nil {
		return result{}, invalid("query", err)
	}
	return execute(r, q)
}

func queryOptions(r *http.Request) (promql.QueryOpts, error) {
	var back time.Duration
	if text := r.FormValue("lookback_delta"); text != "" {
		var err error
		if back, err = duration(text); err != nil {
			return nil, badData("error parsing lookback delta duration: %w", err)
		}
	}
	if text := r.FormValue("timeout"); text != "" {
		if _, err := duration(text); err != nil {
			return nil, invalid("timeout", err)
		}
	}
	return promql.NewPrometheusQueryOpts(false, back), nil
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

func (s *Server) format(r *http.Request) (result, error) {
	parsed, err := parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return result{}, invalid("query", err)
	}
	return result{data: parsed.Pretty(0)}, nil
}

// selection is what `match[]`, `start` and `end` select of the store. What is
// wrong with a selector is told by itself.
func (s *Server) selection(r *http.Request) ([]found, error) {
	s.now()
	start, err := momentOr(r, "start", time.UnixMilli(math.MinInt64/2))
	if err != nil {
		return nil, err
	}
	end, err := momentOr(r, "end", time.UnixMilli(math.MaxInt64/2))
	if err != nil {
		return nil, err
	}
	sets := [][]*labels.Matcher{}
	for _, text := range r.Form["match[]"] {
		matchers, err := parser.ParseMetricSelector(text)
		if err != nil {
			return nil, badData("%w", err)
		}
		sets = append(sets, matchers)
	}
	if len(sets) == 0 {
		sets = append(sets, nil)
	}
	var all []found
	seen := map[string]bool{}
	for _, matchers := range sets {
		for _, each := range s.store.find(start.UnixMilli(), end.UnixMilli(), matchers) {
			if key := each.labels.String(); !seen[key] {
				seen[key] = true
				all = append(all, each)
			}
		}
	}
	return all, nil
}

func (s *Server) series(r *http.Request) (result, error) {
	if len(r.Form["match[]"]) == 0 {
		return result{}, badData("no match[] parameter provided")
	}
	for _, text := range r.Form["match[]"] {
		if _, err := parser.ParseMetricSelector(text); err != nil {
			return result{}, invalid("match[]", err)
		}
	}
	selected, err := s.selection(r)
	if err != nil {
		return result{}, err
	}
	sets := make([]labels.Labels, len(selected))
	for i, each := range selected {
		sets[i] = each.labels
	}
	sortLabels(sets)
	return result{data: sets}, nil
}

func (s *Server) labelNames(r *http.Request) (result, error) {
	selected, err := s.selection(r)
	if err != nil {
		return result{}, err
	}
	names := []string{}
	for _, each := range selected {
		each.labels.Range(func(l labels.Label) { names = append(names, l.Name) })
	}
	return result{data: sortedOnce(names)}, nil
}

func (s *Server) labelValues(r *http.Request) (any, error) {
	name := r.PathValue("name")
	if !model.LabelName(name).IsValidLegacy() {
		return nil, badData("invalid label name: %q", name)
	}
	selected, err := s.selection(r)
	if err != nil {
		return nil, err
	}
	values := []string{}
	for _, each := range selected {
		if value := each.labels.Get(name); value != "" {
			values = append(values, value)
		}
	}
	return sortedOnce(values), nil
}
