package alertmanager

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// silence is a silence as the API has it.
type silence struct {
	ID        string        `json:"id"`
	Status    silenceStatus `json:"status"`
	UpdatedAt stamp         `json:"updatedAt"`
	Comment   string        `json:"comment"`
	CreatedBy string        `json:"createdBy"`
	EndsAt    stamp         `json:"endsAt"`
	Matchers  []*matcher    `json:"matchers"`
	StartsAt  stamp         `json:"startsAt"`
}

type silenceStatus struct {
	State string `json:"state"` // active, pending, expired
}

// state is what the silence is at a moment.
func (s *silence) state(now time.Time) string {
	switch {
	case now.Before(time.Time(s.StartsAt)):
		return "pending"
	case now.Before(time.Time(s.EndsAt)):
		return "active"
	}
	return "expired"
}

// matcher is a condition on a label.
type matcher struct {
	IsEqual bool   `json:"isEqual"`
	IsRegex bool   `json:"isRegex"`
	Name    string `json:"name"`
	Value   string `json:"value"`

	regex *regexp.Regexp
}

// compile makes the matcher ready to match.
func (m *matcher) compile() (err error) {
	if m.IsRegex {
		if _, err = regexp.Compile(m.Value); err == nil {
			m.regex, err = regexp.Compile("^(?:" + m.Value + ")$")
		}
	}
	return err
}

// matches says whether a value fits; a label that is missing has the value "".
func (m *matcher) matches(value string) bool {
	if m.IsRegex {
		return m.regex.MatchString(value) == m.IsEqual
	}
	return (m.Value == value) == m.IsEqual
}

func matchAll(matchers []*matcher, labels map[string]string) bool {
	return !slices.ContainsFunc(matchers, func(m *matcher) bool { return !m.matches(labels[m.Name]) })
}

// same says whether two conditions are written alike.
func (m *matcher) same(o *matcher) bool {
	return m.Name == o.Name && m.Value == o.Value && m.IsRegex == o.IsRegex && m.IsEqual == o.IsEqual
}

// silences are all silences, the oldest first.
type silences struct {
	all  []*silence
	made int
}

var errNotFound = errors.New("silence not found")

func (l *silences) get(id string) *silence {
	i := slices.IndexFunc(l.all, func(s *silence) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return l.all[i]
}

// set makes a silence; it takes the place of the one of its ID.
func (l *silences) set(s *silence, now time.Time) (id string, err error) {
	if s.ID != "" {
		old := l.get(s.ID)
		if old == nil {
			return "", errNotFound
		}
		old.expire(now)
	}
	l.made++
	s.UpdatedAt, s.ID = stamp(now), identifier(fmt.Sprint(l.made, now.UnixNano(), s.CreatedBy, s.Comment))
	if time.Time(s.StartsAt).Before(now) {
		s.StartsAt = stamp(now)
	}
	l.all = append(l.all, s)
	return s.ID, nil
}

// expire ends a silence now, if it has not ended.
func (s *silence) expire(now time.Time) {
	switch s.state(now) {
	case "pending":
		s.StartsAt, s.EndsAt, s.UpdatedAt = stamp(now), stamp(now), stamp(now)
	case "active":
		s.EndsAt, s.UpdatedAt = stamp(now), stamp(now)
	}
}

// muting are the IDs of the silences that mute an alert now, sorted.
func (l *silences) muting(labels map[string]string, now time.Time) []string {
	ids := []string{}
	for _, s := range l.all {
		if s.state(now) == "active" && matchAll(s.Matchers, labels) {
			ids = append(ids, s.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// list are the silences with at least these matchers: the active first, then
// the pending.
func (l *silences) list(filter []*matcher, now time.Time) []silence {
	all := []silence{}
	for _, s := range l.all {
		has := func(want *matcher) bool { return slices.ContainsFunc(s.Matchers, want.same) }
		if !slices.ContainsFunc(filter, func(m *matcher) bool { return !has(m) }) {
			all = append(all, s.at(now))
		}
	}
	order := []string{"active", "pending", "expired"}
	slices.SortStableFunc(all, func(a, b silence) int {
		if a.Status != b.Status {
			return slices.Index(order, a.Status.State) - slices.Index(order, b.Status.State)
		}
		switch a.Status.State {
		case "active":
			return time.Time(a.EndsAt).Compare(time.Time(b.EndsAt))
		case "pending":
			return time.Time(a.StartsAt).Compare(time.Time(b.StartsAt))
		}
		return time.Time(b.EndsAt).Compare(time.Time(a.EndsAt))
	})
	return all
}

// at is the silence as it is told at a moment.
func (s *silence) at(now time.Time) silence {
	told := *s
	told.Status.State = s.state(now)
	return told
}

// check returns what is wrong with a silence that is to be made.
func (s *silence) check(now time.Time) error {
	start, end := time.Time(s.StartsAt), time.Time(s.EndsAt)
	if !start.Before(end) {
		return errors.New("Failed to create silence: start time must be before end time") //nolint:staticcheck // as Alertmanager says it
	}
	if end.Before(now) {
		return errors.New("Failed to create silence: end time can't be in the past") //nolint:staticcheck // as Alertmanager says it
	}
	empty := true
	for i, m := range s.Matchers {
		if !labelName.MatchString(m.Name) {
			return fmt.Errorf("silence invalid: invalid label matcher %d: invalid label name %q", i, m.Name)
		}
		if err := m.compile(); err != nil {
			return fmt.Errorf("silence invalid: invalid label matcher %d: invalid regular expression %q: %w", i, m.Value, err)
		}
		empty = empty && m.matches("")
	}
	if empty {
		return errors.New("silence invalid: at least one matcher must not match the empty string")
	}
	return nil
}

// identifier is an ID of the form of a random UUID.
func identifier(from string) string {
	b := sha256.Sum256([]byte(from))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

var (
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	filterForm = regexp.MustCompile(`^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*((?s).*?)\s*$`)
	uuidForm   = regexp.MustCompile(`(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$`)
)

// parseMatcher reads a matcher as amtool writes it: severity=~"warning|critical".
func parseMatcher(text string) (*matcher, error) {
	parts := filterForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, fmt.Errorf("bad matcher format: %s", text)
	}
	value := parts[3]
	if inner, ok := strings.CutPrefix(value, `"`); ok {
		inner, closed := strings.CutSuffix(inner, `"`)
		if !closed {
			return nil, fmt.Errorf("matcher value contains unescaped double quote: %s", value)
		}
		value = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(inner)
	}
	m := &matcher{Name: parts[1], Value: value, IsEqual: parts[2][0] == '=', IsRegex: strings.HasSuffix(parts[2], "~")}
	return m, m.compile()
}
