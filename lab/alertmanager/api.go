package alertmanager

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"time"

	"runbook/lab/gate"
)

// latency is how long an answer takes.
const latency = 2 * time.Millisecond

// handler is the whole server's.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]http.HandlerFunc{
		"GET /api/v2/alerts":          s.listAlerts,
		"GET /api/v2/silences":        s.listSilences,
		"POST /api/v2/silences":       s.postSilence,
		"GET /api/v2/silence/{id}":    s.silence(getSilence),
		"DELETE /api/v2/silence/{id}": s.silence(deleteSilence),
		"GET /api/v2/status":          s.status,
		"GET /-/healthy":              fine,
		"GET /-/ready":                fine,
		"POST /-/reload":              func(http.ResponseWriter, *http.Request) {},
		"/api/v2/": func(w http.ResponseWriter, r *http.Request) {
			fail(w, http.StatusNotFound, http.StatusNotFound, fmt.Sprintf("path %s was not found", r.URL.Path))
		},
	} {
		mux.HandleFunc(pattern, do)
	}
	return gate.Taking(latency, mux)
}

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OK") }

// send answers with JSON.
func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone wants no answer
}

// fail answers as the checks of the API's form do.
func fail(w http.ResponseWriter, status, code int, message string) {
	send(w, status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, message})
}

// matchersOf reads the filters of a request.
func matchersOf(r *http.Request) ([]*matcher, error) {
	var all []*matcher
	for _, text := range r.URL.Query()["filter"] {
		m, err := parseMatcher(text)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// filtered are the alerts that a request asks for.
func (s *server) filtered(r *http.Request) ([]alert, error) {
	matchers, err := matchersOf(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	if text := query.Get("receiver"); text != "" {
		wanted, err := regexp.Compile("^(?:" + text + ")$")
		if err != nil {
			return nil, fmt.Errorf("failed to parse receiver param: %w", err)
		}
		if !wanted.MatchString(receiver) {
			return []alert{}, nil
		}
	}
	without := func(name string) bool { return query.Get(name) == "false" }
	return slices.DeleteFunc(append([]alert{}, s.alerts()...), func(a alert) bool {
		silenced := len(a.Status.SilencedBy) > 0
		return silenced && without("silenced") || !silenced && without("active") || !matchAll(matchers, a.Labels)
	}), nil
}

func (s *server) listAlerts(w http.ResponseWriter, r *http.Request) {
	found, err := s.filtered(r)
	if err != nil {
		send(w, http.StatusBadRequest, err.Error())
		return
	}
	send(w, http.StatusOK, found)
}

func (s *server) listSilences(w http.ResponseWriter, r *http.Request) {
	matchers, err := matchersOf(r)
	if err != nil {
		send(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	all := s.silences.list(matchers, s.gate.Clock().Now())
	s.mu.Unlock()
	send(w, http.StatusOK, all)
}

// postable is a silence that a client sends; what is nil is missing.
type postable struct {
	ID        string  `json:"id"`
	Comment   *string `json:"comment"`
	CreatedBy *string `json:"createdBy"`
	EndsAt    *stamp  `json:"endsAt"`
	Matchers  *[]struct {
		IsEqual *bool   `json:"isEqual"`
		IsRegex *bool   `json:"isRegex"`
		Name    *string `json:"name"`
		Value   *string `json:"value"`
	} `json:"matchers"`
	StartsAt *stamp `json:"startsAt"`
}

// silence is what was sent; code and message tell what is wrong with its form.
func (p *postable) silence() (s *silence, code int, message string) {
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"comment", p.Comment == nil}, {"createdBy", p.CreatedBy == nil}, {"endsAt", p.EndsAt == nil},
		{"matchers", p.Matchers == nil}, {"startsAt", p.StartsAt == nil},
	} {
		if part.missing {
			return nil, 602, part.name + " in body is required"
		}
	}
	if len(*p.Matchers) == 0 {
		return nil, 612, "matchers in body should have at least 1 items"
	}
	s = &silence{ID: p.ID, Comment: *p.Comment, CreatedBy: *p.CreatedBy, StartsAt: *p.StartsAt, EndsAt: *p.EndsAt}
	for i, m := range *p.Matchers {
		for _, part := range []struct {
			name    string
			missing bool
		}{{"isRegex", m.IsRegex == nil}, {"name", m.Name == nil}, {"value", m.Value == nil}} {
			if part.missing {
				return nil, 602, fmt.Sprintf("matchers.%d.%s in body is required", i, part.name)
			}
		}
		s.Matchers = append(s.Matchers, &matcher{IsEqual: m.IsEqual == nil || *m.IsEqual, IsRegex: *m.IsRegex, Name: *m.Name, Value: *m.Value})
	}
	return s, 0, ""
}

func (s *server) postSilence(w http.ResponseWriter, r *http.Request) {
	var sent postable
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		fail(w, http.StatusBadRequest, http.StatusBadRequest, fmt.Sprintf("parsing silence body from \"\" failed, because %v", err))
		return
	}
	made, code, message := sent.silence()
	if code != 0 {
		fail(w, http.StatusUnprocessableEntity, code, message)
		return
	}
	now := s.gate.Clock().Now()
	if err := made.check(now); err != nil {
		send(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	id, err := s.silences.set(made, now)
	s.mu.Unlock()
	if err != nil {
		send(w, http.StatusNotFound, err.Error())
		return
	}
	send(w, http.StatusOK, map[string]string{"silenceID": id})
}

// silence answers about the one whose ID is in the path of a request.
func (s *server) silence(do func(http.ResponseWriter, *silence, time.Time)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if !uuidForm.MatchString(id) {
			fail(w, http.StatusUnprocessableEntity, 601, fmt.Sprintf("silenceID in path must be of type uuid: %q", id))
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if found := s.silences.get(id); found != nil {
			do(w, found, s.gate.Clock().Now())
		} else {
			w.WriteHeader(http.StatusNotFound)
		}
	}
}

func getSilence(w http.ResponseWriter, of *silence, now time.Time) {
	send(w, http.StatusOK, of.at(now))
}

func deleteSilence(_ http.ResponseWriter, of *silence, now time.Time) { of.expire(now) }

func (s *server) status(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, map[string]any{
		"cluster": map[string]any{"peers": []string{}, "status": "disabled"},
		"config":  map[string]string{"original": configuration},
		"uptime":  stamp(s.started),
		"versionInfo": map[string]string{
			"branch": "HEAD", "buildDate": "", "buildUser": "", "goVersion": runtime.Version(), "revision": "", "version": version,
		},
	})
}
