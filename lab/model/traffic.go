package model

import "math"

// Traffic is what users ask of the app, and how they are answered.
type Traffic struct {
	Rate      float64 // requests in a second
	Usual     float64 // of a quiet day
	Served    float64 // requests since the start that were answered
	Failed    float64 // that were not, or with an error
	Allowed   float64 // by the rate limiter
	Blocked   float64
	LatencyMS float64 // mean of the last second
	QueryMS   float64 // mean time of a query in the last second
	Queries   float64 // since the start
	Slow      float64 // queries over 100 ms since the start
	NPlusOne  float64 // pages since the start that asked once for each row
	QueryTime [len(QueryBounds) + 1]float64
	QuerySum  float64 // seconds

	queries float64    // for a request
	failing float64    // share in the last second
	recent  [60]minute // the last 60 seconds
	second  int
}

type minute struct{ served, failed float64 }

// usualTraffic is how many requests a second users make on a quiet day.
const usualTraffic = 20

// throttles reports whether users make a container of the app want more processors
// than it may use.
func (w *World) throttles(c *Container) bool {
	return c.CPULimit > 0 && w.App.load(w.Traffic.Usual) > c.CPULimit
}

// QueryBounds are the upper bounds of the histogram of query times, in seconds.
var QueryBounds = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}

func newTraffic() Traffic {
	t := Traffic{Rate: usualTraffic, Usual: usualTraffic, LatencyMS: 41, QueryMS: 4, queries: 2}
	for i := range t.recent {
		t.recent[i].served = t.Rate
	}
	return t
}

// Availability is the share of requests of the last minute that were answered
// without an error, from 0 to 1.
func (t *Traffic) Availability() float64 {
	var served, failed float64
	for _, s := range t.recent {
		served, failed = served+s.served, failed+s.failed
	}
	if served+failed == 0 {
		return 1
	}
	return served / (served + failed)
}

// stepTraffic lets the users of a second ask.
func (w *World) stepTraffic() {
	t := &w.Traffic
	t.Rate += (w.around(t.Usual, 0.08) - t.Rate) * 0.3
	app := w.Container("app")
	hits := w.HitRate()
	t.queries = 2 * (1 - hits) / (1 - 0.86)
	if w.App.NPlusOne {
		t.queries += 24
		t.NPlusOne += t.Rate * 0.2
	}
	t.QueryMS = w.Mongo.latencyMS
	latency := 14 + t.queries*(t.QueryMS+w.App.Pool.WaitMS)
	if !w.Redis.Up {
		latency += 180 // each request tries the cache first
	}
	if app != nil && app.Throttled > 0 {
		latency *= 1 + 14*app.Throttled/app.CPULimit
	}
	if app != nil && app.MemoryPercent() > 85 {
		latency *= 1 + (app.MemoryPercent()-85)/5
	}
	t.LatencyMS = w.around(latency+12, 0.06)
	t.failing = w.failing(app)
	w.count(t, hits)
}

// failing is the share of requests that fail now.
func (w *World) failing(app *Container) float64 {
	switch {
	case app == nil || !w.App.Up:
		return 1
	case !w.Mongo.Up:
		return 0.97
	}
	share := w.App.failures(app)
	if !w.Redis.Up {
		share = math.Max(share, 0.08)
	}
	if over := w.Traffic.LatencyMS/1000 - 4; over > 0 { // users wait five seconds
		share = math.Max(share, math.Min(0.9, over/2))
	}
	return share
}

func (w *World) count(t *Traffic, hits float64) {
	failed := t.Rate * t.failing
	t.recent[t.second%len(t.recent)] = minute{t.Rate - failed, failed}
	t.second++
	t.Served += t.Rate - failed
	t.Failed += failed
	blocked := t.Rate * 0.01
	if over := t.Rate - 3*20; over > 0 {
		blocked += over * 0.5
	}
	t.Allowed += t.Rate - blocked
	t.Blocked += blocked
	if app := w.Container("app"); app != nil && t.failing > 0.02 && w.App.Up && w.chance() < t.failing {
		app.Say(w.Now, true, `level=error msg="request failed" error="`+w.Reason()+`"`)
	}
	if !w.App.Up || !w.Mongo.Up {
		return
	}
	queries := t.Rate * t.queries
	t.Queries += queries
	w.Redis.look(t.Rate*2, hits)
	w.spread(t, queries)
}

// Reason is what the app says, and writes into its log, when a request fails.
func (w *World) Reason() string {
	switch {
	case !w.Mongo.Up:
		return "server selection timeout: mongo:27017 connection refused"
	case !w.Redis.Up:
		return "dial tcp redis:6379: connection refused"
	case w.App.Pool.WaitMS > 1000:
		return "timeout waiting for a connection from the pool"
	}
	return "internal error"
}

// spread puts the queries of a second into the histogram: most near the mean, a
// tenth at four times of it.
func (w *World) spread(t *Traffic, queries float64) {
	for _, part := range []struct{ share, times float64 }{{0.55, 0.7}, {0.35, 1.05}, {0.1, 2.5}} {
		seconds := t.QueryMS * part.times / 1000
		n := queries * part.share
		t.QuerySum += n * seconds
		if seconds > 0.1 {
			t.Slow += n
		}
		i := 0
		for i < len(QueryBounds) && seconds > QueryBounds[i] {
			i++
		}
		t.QueryTime[i] += n
	}
}
