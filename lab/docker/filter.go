package docker

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runbook/lab/model"
)

// filters are what a request wants, by the name of the filter.
type filters map[string][]string

// readFilters reads the parameter filters, in its form of today and in that of
// API 1.21.
func readFilters(r *http.Request, known ...string) (filters, error) {
	text := r.FormValue("filters")
	f := filters{}
	if text == "" {
		return f, nil
	}
	var sets map[string]map[string]bool
	if json.Unmarshal([]byte(text), &sets) == nil {
		for name, set := range sets {
			for value := range set {
				f[name] = append(f[name], value)
			}
			slices.Sort(f[name])
		}
	} else if err := json.Unmarshal([]byte(text), (*map[string][]string)(&f)); err != nil {
		return nil, failure{http.StatusBadRequest, "invalid filter: " + err.Error()}
	}
	for name := range f {
		if !slices.Contains(known, name) {
			return nil, failure{http.StatusBadRequest, "Invalid filter '" + name + "'"}
		}
	}
	return f, nil
}

// any says whether no value is wanted for the filter, or one that holds.
func (f filters) any(name string, holds func(string) bool) bool {
	return len(f[name]) == 0 || slices.ContainsFunc(f[name], holds)
}

// labels says whether all wanted labels are there.
func (f filters) labels(labels map[string]string) bool {
	return !slices.ContainsFunc(f["label"], func(want string) bool {
		key, value, valued := strings.Cut(want, "=")
		have, ok := labels[key]
		return !ok || valued && have != value
	})
}

// matches says whether text matches one of the wanted patterns, as the engine's
// filter name does.
func (f filters) matches(name, text string) bool {
	return f.any(name, func(want string) bool {
		ok, err := regexp.MatchString(want, text)
		return err == nil && ok || want == text
	})
}

// containerFilters are the filters of docker ps that the lab knows.
func containerFilters() []string {
	return []string{"ancestor", "exited", "health", "id", "label", "name", "network", "status", "volume"}
}

// statuses are the states that the engine knows.
func statuses() []string {
	return []string{"created", "restarting", "running", "removing", "paused", "exited", "dead"}
}

// check refuses values that the engine refuses.
func (f filters) check() error {
	for _, status := range f["status"] {
		if !slices.Contains(statuses(), status) {
			return failure{http.StatusBadRequest, "Invalid filter 'status=" + status + "'"}
		}
	}
	for _, code := range f["exited"] {
		if _, err := strconv.Atoi(code); err != nil {
			return failure{http.StatusBadRequest, "Invalid filter 'exited=" + code + "'"}
		}
	}
	return nil
}

// take says whether c is wanted by all filters.
func (f filters) take(c *model.Container) bool {
	return f.labels(c.Labels) &&
		(f.matches("name", c.Name) || f.matches("name", "/"+c.Name)) && f.matches("id", c.ID) &&
		f.any("status", func(s string) bool { return s == string(c.State) }) &&
		f.any("health", func(h string) bool { return h == healthOf(c) }) &&
		f.any("exited", func(code string) bool {
			return c.State == model.Exited && code == strconv.Itoa(c.ExitCode)
		}) &&
		f.any("ancestor", func(name string) bool { return isImage(c.Image, name) }) &&
		f.any("network", func(n string) bool { return n == networkOf(c) }) &&
		f.any("volume", func(v string) bool {
			return slices.ContainsFunc(c.Mounts, func(m model.Mount) bool { return m.Name == v || m.Target == v })
		})
}

// healthOf is the word of the filter health.
func healthOf(c *model.Container) string {
	if c.Health == nil {
		return "none"
	}
	return c.Health.Status
}
