package docs

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// sample are the values over which the expressions of a section are evaluated.
type sample map[string]any

func (s sample) Name(name string) (any, bool) { v, ok := s[name]; return v, ok }

func (s sample) Step(id string) (any, bool) {
	steps, _ := s["steps"].(map[string]any)
	v, ok := steps[id]
	return v, ok
}

// sampleOf reads values, in which texts that are times, durations or sizes are such.
func sampleOf(t *testing.T, place, text string) sample {
	t.Helper()
	all, ok := valueOf(&yaml.Source{Name: place, Text: []byte(text)}).(map[string]any)
	if !ok {
		t.Fatalf("%s: these are no values", place)
	}
	quantities(all)
	all["run"] = map[string]any{"id": "20261124-k7qm", "started": time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)}
	return all
}

func quantities(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = quantities(member)
		}
	case []any:
		for i, member := range v {
			v[i] = quantities(member)
		}
	case string:
		for _, kind := range []schema.Kind{schema.Time, schema.Duration, schema.SizeKind} {
			if q, err := schema.ParseText(&schema.Type{Kind: kind}, v, false); err == nil {
				return q
			}
		}
	}
	return v
}

// typeOf is the type that an action would declare for a value; what is null may be nil.
func typeOf(name string, v any) *schema.Type {
	switch v := v.(type) {
	case map[string]any:
		if name == "json" || name == "counts" {
			return schema.AnyType
		}
		var fields []schema.Field
		for key, member := range v {
			fields = append(fields, schema.Field{Name: key, Type: typeOf(key, member)})
		}
		return schema.ObjectOf(fields...)
	case []any:
		return schema.ListOf(typeOf("", v[0]))
	case nil:
		return schema.StringType.AsOptional()
	}
	return schema.TypeOf(v)
}

func (s sample) eval(source string, want *schema.Type) (any, error) {
	env := &expression.Env{
		Name: func(name string) *schema.Type {
			if v, ok := s[name]; ok {
				return typeOf(name, v)
			}
			return nil
		},
		Step: func(id string) (*schema.Type, *expression.Problem) {
			step, _ := s.Step(id)
			return typeOf(id, step), nil
		},
	}
	e, problems := expression.Compile(source, env, want)
	for _, p := range problems {
		if !p.Warning {
			return nil, &mistake{p}
		}
	}
	return e.Eval(context.Background(), s, expression.Limits{})
}

// mistake is what validation would say.
type mistake struct{ expression.Problem }

func (m *mistake) Error() string { return m.Message + " (" + m.Hint + ")" }

// Each row of the tables has the value that it shows.
func TestExpressionTables(t *testing.T) {
	rows, names := 0, map[string]bool{}
	var values sample
	for _, b := range blocks(t, "expressions.md")[:1] {
		values = sampleOf(t, b.place, b.text)
	}
	page, err := os.ReadFile("expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) != 3 {
			continue
		}
		source := strings.ReplaceAll(strings.Trim(cells[0], "|` "), "\x00", "|")
		want := strings.Trim(cells[1], "` ")
		rows++
		for _, word := range strings.FieldsFunc(source, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') }) {
			names[word] = true
		}
		got, err := values.eval(source, nil)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		text := schema.TextOf(got)
		switch got.(type) {
		case nil:
			text = "nil"
		case []any, map[string]any:
			text, _ = schema.JSONOf(got)
		}
		if text != want {
			t.Errorf("%s = %s, the page says %s", source, text, want)
		}
	}
	if rows < 70 {
		t.Errorf("%d rows were found", rows)
	}
	for _, name := range expression.Functions() {
		if !names[name] && name != "unique" && !strings.HasPrefix(name, "find") && name != "any" && name != "none" && name != "one" {
			t.Errorf("the page has no row with %s", name)
		}
	}
}

// worse are values in which nothing of a section holds, as on the night of the incident.
var worse = map[string]string{
	"Logs": `
outputs:
  stdout: |
    2026-11-24T01:58:00Z INFO started in 81200 ms
    2026-11-24T01:58:01Z WARN a
    2026-11-24T01:58:02Z WARN b
    2026-11-24T01:58:03Z WARN c
    2026-11-24T01:58:04Z WARN d
    2026-11-24T01:58:40Z INFO request took 3700 ms
    2026-11-24T01:58:59Z ERROR Out of memory
steps: {logs: {outputs: {counts: {OutOfMemoryError: 3, Timeout: 20}, lines: [started]}}}`,
	"Access logs": `
outputs:
  stdout: |
    10.0.4.21 - - [24/Nov/2026:01:59:01 +0000] "GET /wp-login.php HTTP/1.1" 404 12 0.004
    10.0.4.21 - - [24/Nov/2026:01:59:03 +0000] "GET /api/tasks HTTP/1.1" 404 48120000 0.120
    10.0.4.21 - - [24/Nov/2026:01:59:09 +0000] "GET /api/tasks HTTP/1.1" 500 19 9.003`,
	"Disks and memory": `
outputs:
  used_percent: 95.5
  free_bytes: 42949
  inodes_used_percent: 92.5
  stdout: |
    Filesystem     1024-blocks     Used Available Capacity Mounted on
    /dev/sda1         51475068 34012332  14815184      90% /
    /dev/sdb1        206292968 88012332 107728356      95% /srv
steps:
  memory: {outputs: {stdout: "MemTotal: 16303428 kB\nMemAvailable: 120312 kB\nSwapTotal: 10 kB\n"}}
  growth: {outputs: {samples: [100, 1100, 12000, 130000], every_seconds: 60}}`,
	"Backups": `
outputs:
  files: [{name: db-20261101.gz, modified_at: 2026-11-01T02:00:00Z, size_bytes: 5100000000}, {name: db-20261102.gz, modified_at: 2026-11-02T02:00:00Z, size_bytes: 52}]
  stdout: '[{"time": "2026-11-02T01:30:00.5Z", "tags": ["monthly"], "summary": {"files_new": 0}}]'
steps: {stat: {outputs: {stdout: "1764000000\n"}}}`,
	"Versions and images": `
outputs:
  stdout: "redis_version:6.0.15\r\nredis_mode:cluster\r\n"
  containers: [{name: app-1, image: "registry.example.net/app:1.2.0"}, {name: app-2, image: "registry.example.net/app:latest"}]
steps: {version: {outputs: {stdout: "psql (PostgreSQL) 13.8\n"}}}`,
	"Certificates": `
outputs:
  stdout: "notBefore=Dec 12 00:00:00 2026 GMT\nnotAfter=Nov 30 23:59:59 2026 GMT\nsubject=CN = other.example.net\n"
  expires_at: 2026-11-30T23:59:59Z
  names: [www.example.net]`,
	"Replication": `
outputs:
  stdout: |
    role:slave
    connected_slaves:0
    slave0:ip=10.0.4.31,port=6379,state=online,offset=90210,lag=900
  members: [{name: "db1:27017", state: DOWN, optime: 2026-11-24T01:59:58Z, health: 0}, {name: "db2:27017", state: SECONDARY, optime: 2026-11-24T02:59:57Z, health: 1}]
steps: {lag: {outputs: {stdout: " web1 | streaming | 9.012\n"}}}`,
	"One list against another": `
inputs: {wanted: [app, redis, worker], hosts: [web1, web2]}
outputs: {containers: [{name: app, service: app, running: false, host: web1}, {name: app, service: app, running: true, host: web3}]}
steps:
  before: {outputs: {rows: [{id: a, count: 10}, {id: b, count: 20}]}}
  after: {outputs: {rows: [{id: b, count: 19}, {id: c, count: 1}]}}`,
}

// What people ask of their systems is said in under 120 characters, holds where the
// page shows a sound system, and does not hold of a broken one.
func TestConditionsOfOperations(t *testing.T) {
	page, err := os.ReadFile("expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "## What people ask")
	conditions, sections := 0, strings.Split(after, "\n### ")[1:]
	if len(sections) != len(worse) {
		t.Errorf("%d sections, and broken systems for %d", len(sections), len(worse))
	}
	for _, section := range sections {
		title, rest, _ := strings.Cut(section, "\n")
		values, rest := fenced(rest, "yaml values")
		listed, _ := fenced(rest, "expressions")
		sound, broken := sampleOf(t, title, values), sampleOf(t, title, worse[title])
		for condition := range strings.Lines(listed) {
			condition = strings.TrimSpace(condition)
			conditions++
			if len(condition) >= 120 {
				t.Errorf("%s: %d characters: %s", title, len(condition), condition)
			}
			if got, err := sound.eval(condition, schema.BoolType); got != true {
				t.Errorf("%s: %s = %v %v", title, condition, got, err)
			}
			if got, _ := broken.eval(condition, schema.BoolType); got == true {
				t.Errorf("%s: holds of a broken system: %s", title, condition)
			}
		}
	}
	if conditions < 56 {
		t.Errorf("%d conditions", conditions)
	}
}

// fenced returns the first fenced block of a kind, and what follows it.
func fenced(text, info string) (string, string) {
	_, after, _ := strings.Cut(text, "```"+info+"\n")
	block, rest, _ := strings.Cut(after, "```")
	return block, rest
}
