package prometheus

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"runbook/lab/model"
)

// scraper takes the metrics of the model into the store.
type scraper struct {
	store *store
	last  time.Time
	round uint64
	known []place   // the series by their place in the last scrape
	live  []*series // that gave a sample in the last scrape
	batch []entry
	some  []model.Metric

	mu      sync.Mutex // guards what others read
	targets []scraped
}

// place is the series of a metric that stands at a place of a scrape.
type place struct {
	model.Metric
	series *series
}

// scraped is how the last scrape of a target went.
type scraped struct {
	model.Target
	at    time.Time
	hangs bool // it takes the connection and does not answer
}

// state is how the last scrapes went.
func (s *scraper) state() []scraped {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.targets
}

// follow scrapes if it is time to.
func (s *scraper) follow(w *model.World) {
	if w.Now.Sub(s.last) < model.ScrapeEvery {
		return
	}
	s.last = w.Now
	s.round++
	targets := w.Scraped()
	s.some = slices.AppendSeq(s.some[:0], samples(w, targets))
	s.batch = s.batch[:0]
	for i, m := range s.some {
		each := s.find(i, m, targets)
		each.round = s.round
		s.batch = append(s.batch, entry{each, m.Value})
	}
	s.store.append(w.Now.UnixMilli(), s.stale())
	s.live = s.live[:0]
	for _, e := range s.batch[:len(s.some)] {
		s.live = append(s.live, e.series)
	}
	s.note(w, targets)
}

// stale adds, to the samples of a scrape, the marks of the series that are gone
// since the one before.
func (s *scraper) stale() []entry {
	for _, each := range s.live {
		if each.round != s.round {
			s.batch = append(s.batch, entry{each, math.Float64frombits(value.StaleNaN)})
		}
	}
	return s.batch
}

// samples are those of the targets that answer, and what Prometheus tells itself
// of each target.
func samples(w *model.World, targets []model.Target) func(func(model.Metric) bool) {
	return func(yield func(model.Metric) bool) {
		counts := make([]float64, len(targets))
		for _, m := range w.Metrics() {
			i := slices.IndexFunc(targets, func(t model.Target) bool { return t.Job == m.Job })
			if i < 0 || !targets[i].Up {
				continue
			}
			counts[i]++
			if !yield(m) {
				return
			}
		}
		for i, t := range targets {
			up := model.Metric{Name: "up", Job: t.Job}
			if t.Up {
				up.Value = 1
			}
			if !yield(up) || !yield(model.Metric{Name: "scrape_samples_scraped", Job: t.Job, Value: counts[i]}) {
				return
			}
		}
	}
}

// find returns the series of a metric; mostly it stands where it stood last.
func (s *scraper) find(i int, m model.Metric, targets []model.Target) *series {
	if i < len(s.known) {
		if k := &s.known[i]; k.Name == m.Name && k.Job == m.Job && !k.series.gone && slices.Equal(k.Labels, m.Labels) {
			return k.series
		}
	} else {
		s.known = append(s.known, place{})
	}
	t := targets[slices.IndexFunc(targets, func(t model.Target) bool { return t.Job == m.Job })]
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set(metricName, m.Name).Set("job", m.Job).Set("instance", t.Instance)
	for _, l := range m.Labels {
		b.Set(l[0], l[1])
	}
	s.known[i] = place{m, s.store.of(b.Labels())}
	return s.known[i].series
}

func (s *scraper) note(w *model.World, targets []model.Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets = make([]scraped, len(targets))
	for i, t := range targets {
		s.targets[i] = scraped{Target: t, at: w.Now, hangs: t.Job == "app" && w.App.Hung}
	}
}
