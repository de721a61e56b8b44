package http

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// SampleParams are the parameters of http.sample.
type SampleParams struct {
	Method string `yaml:"method" default:"GET" enum:"GET,HEAD" doc:"The requests' method."`
	at
	Headers        map[string]schema.Text `yaml:"headers,omitempty" doc:"Headers, over those of the target."`
	N              int                    `yaml:"n" default:"20" min:"1" max:"10000" doc:"How many requests are sent."`
	Concurrency    int                    `yaml:"concurrency" default:"1" min:"1" max:"64" doc:"How many are under way at once."`
	Expect         *int                   `yaml:"expect" min:"100" max:"599" doc:"The status that counts as success; without it every status below 400 does."`
	RequestTimeout time.Duration          `yaml:"request_timeout" default:"10s" min:"1ms" max:"10m" doc:"After this a request counts as failed."`
}

// Brief returns the requests in a few words.
func (p SampleParams) Brief() string {
	return fmt.Sprintf("%d × %s %s", p.N, p.Method, showText(p.given()))
}

// SampleOutputs are the outputs of http.sample. Latencies are of the requests
// that were answered, whatever their status.
type SampleOutputs struct {
	Count              int            `yaml:"count" doc:"How many requests were sent."`
	Failures           int            `yaml:"failures" doc:"How many had no answer or another status than expected."`
	FailureRatePercent float64        `yaml:"failure_rate_percent" doc:"Failures in percent of all requests."`
	P50MS              float64        `yaml:"p50_ms" doc:"Median latency in milliseconds."`
	P95MS              float64        `yaml:"p95_ms" doc:"Latency in milliseconds that 95 of 100 requests do not exceed."`
	P99MS              float64        `yaml:"p99_ms" doc:"Latency in milliseconds that 99 of 100 requests do not exceed."`
	MeanMS             float64        `yaml:"mean_ms" doc:"Mean latency in milliseconds."`
	MaxMS              float64        `yaml:"max_ms" doc:"Largest latency in milliseconds."`
	Statuses           map[string]int `yaml:"statuses" doc:"How often each status came; what had no answer is not in it."`
	LastError          string         `yaml:"last_error" doc:"What the last request without an answer met, else empty."`
}

// Summary returns the result in one line.
func (o SampleOutputs) Summary() string {
	return fmt.Sprintf("p50 %s, p95 %s, p99 %s, %d of %d failed", schema.HumanMilliseconds(o.P50MS),
		schema.HumanMilliseconds(o.P95MS), schema.HumanMilliseconds(o.P99MS), o.Failures, o.Count)
}

// Sample sends the same read many times and gives its latencies.
var Sample = action.New(action.Spec[SampleParams, SampleOutputs]{
	Name:    "http.sample",
	Summary: "Sends the same GET or HEAD request many times and gives latencies and the rate of failures.",
	Example: `
id: latency
title: The service is quick
action: http.sample
with: {path: /api/status, n: 50, concurrency: 4}
verify:
  - outputs.failure_rate_percent == 0
  - outputs.p95_ms < 500
`,
	Target: Target,
	Effect: action.Read,
	Takes: func(p SampleParams) time.Duration {
		return time.Duration((p.N+p.Concurrency-1)/max(1, p.Concurrency)) * p.RequestTimeout
	},
	Run: sample,
})

func sample(ctx context.Context, call action.Call, p SampleParams) (SampleOutputs, error) {
	c, err := clientOf(call)
	if err != nil {
		return SampleOutputs{}, invalid(p.Brief(), err)
	}
	m, _, err := c.compose(RequestParams{Method: p.Method, at: p.at, Headers: p.Headers})
	if err == nil && m.effect != action.Read {
		err = fmt.Errorf("a header makes %s a change; http.sample only reads", p.Method)
	}
	if err != nil {
		return SampleOutputs{}, invalid(p.Brief(), err)
	}
	s := &sampling{statuses: map[string]int{}}
	c.sendMany(ctx, call, m, p, s)
	if err := ctx.Err(); err != nil {
		return SampleOutputs{}, s.unfinished(ctx, m, p, err)
	}
	if len(s.latencies) == 0 {
		f := *action.AsFailure(s.last)
		f.Tried = fmt.Sprintf("%d times, none answered; the last: %s", p.N, f.Tried)
		return SampleOutputs{}, &f
	}
	return s.outputs(p), nil
}

// sampling gathers the answers of all workers.
type sampling struct {
	mu        sync.Mutex
	done      int
	failures  int
	latencies []float64
	statuses  map[string]int
	last      error
}

func (c *client) sendMany(ctx context.Context, call action.Call, m message, p SampleParams, s *sampling) {
	var wait sync.WaitGroup
	next := make(chan struct{})
	for range min(p.Concurrency, p.N) {
		wait.Go(func() {
			for range next {
				r, err := c.send(ctx, call, m, p.RequestTimeout, 0)
				s.add(call, p, r, err)
			}
		})
	}
	for range p.N {
		select {
		case next <- struct{}{}:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wait.Wait()
}

func (s *sampling) add(call action.Call, p SampleParams, r reply, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	switch {
	case err != nil:
		s.failures++
		s.last = err
	default:
		s.statuses[strconv.Itoa(r.status)]++
		s.latencies = append(s.latencies, float64(r.latency.Microseconds())/1000)
		if (p.Expect == nil && r.status >= 400) || (p.Expect != nil && r.status != *p.Expect) {
			s.failures++
		}
	}
	call.Progress(action.Progress{Done: s.done, Total: p.N, Note: fmt.Sprintf("%d failed", s.failures)})
}

func (s *sampling) unfinished(ctx context.Context, m message, p SampleParams, err error) error {
	what := "cancelled"
	if ctx.Err() == context.DeadlineExceeded {
		what = "not finished in time"
	}
	return &action.Failure{
		What: what, Where: "http " + m.String(), Err: err,
		Tried: fmt.Sprintf("%d of %d requests, %d failed", s.done, p.N, s.failures),
		Do:    []string{"lower n or raise the step's timeout"},
	}
}

func (s *sampling) outputs(p SampleParams) SampleOutputs {
	slices.Sort(s.latencies)
	sum := 0.0
	for _, l := range s.latencies {
		sum += l
	}
	o := SampleOutputs{
		Count: p.N, Failures: s.failures, FailureRatePercent: 100 * float64(s.failures) / float64(p.N),
		P50MS: nearestRank(s.latencies, 50), P95MS: nearestRank(s.latencies, 95), P99MS: nearestRank(s.latencies, 99),
		MeanMS: sum / float64(len(s.latencies)), MaxMS: s.latencies[len(s.latencies)-1], Statuses: s.statuses,
	}
	if s.last != nil {
		o.LastError = action.AsFailure(s.last).What
	}
	return o
}

// nearestRank returns the smallest of the sorted values that p of 100 values do
// not exceed.
func nearestRank(sorted []float64, p float64) float64 {
	return sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)]
}
