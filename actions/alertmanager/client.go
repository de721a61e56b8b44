package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

// limit is how long one request may take.
const limit = 30 * time.Second

// matcher is a condition on a label, as the API has it.
type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual,omitempty"` // nil: true, as of 0.21
}

// String returns the matcher as amtool takes it.
func (m matcher) String() string {
	operator := "="
	switch equal := m.IsEqual == nil || *m.IsEqual; {
	case equal && m.IsRegex:
		operator = "=~"
	case !equal && m.IsRegex:
		operator = "!~"
	case !equal:
		operator = "!="
	}
	return m.Name + operator + strconv.Quote(m.Value)
}

// matchersText returns matchers in one line, sorted.
func matchersText(matchers []matcher) string {
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		texts[i] = m.String()
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// silence is a silence as the API has it. ID, Status and UpdatedAt are the
// server's.
type silence struct {
	ID        string         `json:"id,omitempty"`
	Matchers  []matcher      `json:"matchers"`
	StartsAt  time.Time      `json:"startsAt"`
	EndsAt    time.Time      `json:"endsAt"`
	CreatedBy string         `json:"createdBy"`
	Comment   string         `json:"comment"`
	Status    *silenceStatus `json:"status,omitempty"`
	UpdatedAt *time.Time     `json:"updatedAt,omitempty"`
}

type silenceStatus struct {
	State string `json:"state"` // active, pending, expired
}

func (s *silence) expired() bool { return s.Status != nil && s.Status.State == "expired" }

// gettableAlert is an alert as the API has it.
type gettableAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	Fingerprint string            `json:"fingerprint"`
	Status      struct {
		SilencedBy  []string `json:"silencedBy"`
		InhibitedBy []string `json:"inhibitedBy"`
	} `json:"status"`
}

// server is the client of one target during one call.
type server struct {
	*endpoint.Server
	call action.Call
}

func serverOf(call action.Call) (*server, error) {
	s, err := endpoint.Open(call, endpoint.Protocol{Kind: Target.Name, IsRead: isRead})
	if err != nil {
		return nil, err
	}
	return &server{Server: s, call: call}, nil
}

// isRead reports whether a request changes nothing.
func isRead(method, _ string) bool { return method == http.MethodGet || method == http.MethodHead }

// alerts returns the alerts with all of these labels, whatever mutes them.
func (s *server) alerts(ctx context.Context, labels map[string]string) ([]gettableAlert, error) {
	query := filter(labels)
	for _, which := range [...]string{"active", "silenced", "inhibited", "unprocessed"} {
		query.Set(which, "true")
	}
	var found []gettableAlert
	return found, s.read(ctx, "/api/v2/alerts", query, &found)
}

// silences returns the silences with at least these matchers that have not
// ended.
func (s *server) silences(ctx context.Context, labels map[string]string) ([]silence, error) {
	var found []silence
	if err := s.read(ctx, "/api/v2/silences", filter(labels), &found); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(each silence) bool { return each.expired() }), nil
}

// silence returns the silence of that id; nil where there is none.
func (s *server) silence(ctx context.Context, id string) (*silence, error) {
	var found silence
	err := s.read(ctx, "/api/v2/silence/"+id, nil, &found)
	if errors.Is(err, errNoSilence) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &found, nil
}

func (s *server) read(ctx context.Context, path string, query url.Values, into any) error {
	missing := false
	err := s.Ask(ctx, s.call, endpoint.Request{
		Method: http.MethodGet, Path: path, Query: query, Limit: limit,
		Explain: func(status int, body []byte) (string, []string) {
			// An unknown id is answered without a body, an unknown path with one.
			missing = status == http.StatusNotFound && len(body) == 0 && strings.HasPrefix(path, "/api/v2/silence/")
			return explain(status, body)
		},
	}, into)
	if missing {
		return errNoSilence
	}
	return err
}

var errNoSilence = errors.New("there is no such silence")

func filter(labels map[string]string) url.Values {
	query := url.Values{}
	for _, m := range matchersOf(labels) {
		query.Add("filter", m.String())
	}
	return query
}

// matchersOf returns matchers for equality, by name.
func matchersOf(labels map[string]string) []matcher {
	equal := true
	matchers := make([]matcher, 0, len(labels))
	for name, value := range labels {
		matchers = append(matchers, matcher{Name: name, Value: value, IsEqual: &equal})
	}
	slices.SortFunc(matchers, func(a, b matcher) int { return strings.Compare(a.Name, b.Name) })
	return matchers
}

// explain returns what an answer says that is no success: a text, or an object
// with a message.
func explain(status int, body []byte) (string, []string) {
	if status == http.StatusNotFound || status == http.StatusServiceUnavailable {
		return "", nil
	}
	var text string
	if json.Unmarshal(body, &text) != nil {
		var object struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(body, &object) != nil || object.Message == "" {
			return "", nil
		}
		text = object.Message
	}
	if status >= 500 {
		return "the server failed: " + text, []string{"look at the server's log"}
	}
	return "the request is refused: " + text, nil
}
