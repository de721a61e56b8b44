package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// ruleFile is a file of rules as Prometheus has it. The lab takes alerts alone.
type ruleFile struct {
	Groups []struct {
		Name     string `yaml:"name"`
		Interval string `yaml:"interval"`
		Limit    int    `yaml:"limit"`
		Rules    []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// group is a group of rules.
type group struct {
	name  string
	rules []*rule
}

// rule is an alert.
type rule struct {
	name        string
	expr        string // as the parser writes it
	hold        time.Duration
	labels      []text
	annotations []text

	active map[uint64]*instance // by the hash of its labels
	found  promql.Matrix        // of the last evaluation, what is not read yet
	err    error                // of the last evaluation
}

// text is a label or annotation of a rule.
type text struct {
	name, text string
	template   *template.Template // nil where the text has nothing to fill in
}

// parseRules reads a file of rules.
func parseRules(file []byte) ([]*group, error) {
	var read ruleFile
	if err := yaml.NewDecoder(bytes.NewReader(file), yaml.Strict()).Decode(&read); err != nil && len(bytes.TrimSpace(file)) > 0 {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	var groups []*group
	for _, g := range read.Groups {
		made := &group{name: g.Name}
		for _, r := range g.Rules {
			one, err := newRule(r.Alert, r.Expr, r.For)
			if err == nil {
				one.labels, err = texts(r.Labels)
			}
			if err == nil {
				one.annotations, err = texts(r.Annotations)
			}
			if err != nil {
				return nil, fmt.Errorf("rule %q of group %q: %w", r.Alert, g.Name, err)
			}
			made.rules = append(made.rules, one)
		}
		groups = append(groups, made)
	}
	return groups, nil
}

func newRule(name, expr, hold string) (*rule, error) {
	if name == "" {
		return nil, errors.New("it has no `alert`; the lab takes alerts alone")
	}
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, fmt.Errorf("expr: %w", err)
	}
	r := &rule{name: name, expr: parsed.String(), active: map[uint64]*instance{}}
	if hold != "" {
		read, err := model.ParseDuration(hold)
		if err != nil {
			return nil, err
		}
		r.hold = time.Duration(read)
	}
	return r, nil
}

// given are the names that texts may use, as Prometheus gives them.
const given = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

func texts(from map[string]string) ([]text, error) {
	var all []text
	for _, name := range slices.Sorted(maps.Keys(from)) {
		t := text{name: name, text: from[name]}
		if strings.Contains(t.text, "{{") {
			parsed, err := template.New(name).Option("missingkey=zero").Funcs(functions()).Parse(given + t.text)
			if err != nil {
				return nil, err
			}
			t.template = parsed
		}
		all = append(all, t)
	}
	return all, nil
}

// data is what a text is filled in from.
type data struct {
	Labels, ExternalLabels map[string]string
	ExternalURL            string
	Value                  float64
}

// fill returns the text for a sample, or what is wrong, as Prometheus does.
func (t *text) fill(d data) string {
	if t.template == nil {
		return t.text
	}
	var b strings.Builder
	if err := t.template.Execute(&b, d); err != nil {
		return fmt.Sprintf("<error expanding template: %s>", err)
	}
	return b.String()
}

// functions are those of Prometheus that the shipped rules make numbers readable
// with.
func functions() template.FuncMap {
	return template.FuncMap{
		"humanize":           humanize,
		"humanizePercentage": func(v float64) string { return fmt.Sprintf("%.4g%%", v*100) },
		"humanizeDuration":   humanizeDuration,
	}
}

func humanize(v float64) string {
	prefixes := []string{"", "k", "M", "G", "T", "P"}
	i := 0
	for ; i < len(prefixes)-1 && (v >= 1000 || v <= -1000); i++ {
		v /= 1000
	}
	return fmt.Sprintf("%.4g%s", v, prefixes[i])
}

func humanizeDuration(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.4gms", v*1000)
	}
	if v < 60 {
		return fmt.Sprintf("%.4gs", v)
	}
	seconds := int64(v)
	switch days := seconds / 86400; {
	case days > 0:
		return fmt.Sprintf("%dd %dh %dm %ds", days, seconds/3600%24, seconds/60%60, seconds%60)
	case seconds >= 3600:
		return fmt.Sprintf("%dh %dm %ds", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%dm %ds", seconds/60, seconds%60)
}
