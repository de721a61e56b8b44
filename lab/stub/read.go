package stub

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab"
)

// Reader reads what a stub says of the lab, and reports what is wrong.
type Reader interface {
	// Fault is a fault that comes.
	Fault(w *Fault) lab.Fault
	// Named is told of one that goes, or must last.
	Named(fault yaml.String)
	Fail(n *yaml.Node, message, hint string)
}

// Read reads the stubs of a rehearsal or of a file.
func Read(w *Written, r Reader) []*Stub {
	var all []*Stub
	for _, p := range w.Programs {
		s := one(r, &p.writtenStub, p.Node)
		s.argv = make([]string, len(p.Argv))
		for i, word := range p.Argv {
			s.argv[i] = word.Value
		}
		s.Text = strings.Join(s.argv, " ")
		s.answer.Stdout, s.answer.Stderr, s.answer.ExitCode = p.Stdout.Value, p.Stderr.Value, p.Exit.Value
		all = append(all, s)
	}
	for _, q := range w.Requests {
		s := one(r, &q.writtenStub, q.Node)
		s.method, s.query = q.Method.Value, strings.Contains(q.URL.Value, "?")
		s.url = pattern(q.URL.Value)
		s.Text = strings.TrimSpace(s.method + " " + q.URL.Value)
		s.answer.Status, s.answer.Header = q.Status.Or(http.StatusOK), map[string]string{}
		body(r, q, s)
		for _, h := range q.Headers {
			s.answer.Header[h.Key.Text] = h.Value.Text
		}
		all = append(all, s)
	}
	for _, p := range w.Ports {
		s := one(r, &p.writtenStub, p.Node)
		s.Text, s.port, s.answer.Closed = "port "+p.Address.Value, pattern(p.Address.Value), p.Closed.Value
		all = append(all, s)
	}
	return all
}

// pattern is a text in which * stands for any.
func pattern(text string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*") + "$")
}

// body reads the body of an answer to a request.
func body(r Reader, q *writtenRequest, s *Stub) {
	s.answer.Body = []byte(q.Body.Value)
	switch {
	case q.JSON == nil:
		return
	case q.Body.Set():
		r.Fail(q.JSON, "the answer has two bodies", "keep body, or json")
	}
	text, err := json.Marshal(schema.Encode(Value(q.JSON)))
	if err != nil {
		r.Fail(q.JSON, "this is no JSON: "+err.Error(), "")
	}
	s.answer.Body, s.answer.Header["Content-Type"] = text, "application/json"
}

// one reads what every stub may say.
func one(r Reader, w *writtenStub, n *yaml.Node) *Stub {
	s := &Stub{Place: n.Span, on: w.On.Value, times: w.Times.Value, heals: w.Heals.Value}
	s.answer.Takes = w.Takes.Value
	if w.Heals.Set() {
		r.Named(w.Heals)
	}
	if w.While != nil {
		if s.fault = w.While.Fault.Value; s.fault != "" {
			r.Named(w.While.Fault)
		}
		s.while = words(w.While.Words)
	}
	if w.Injects != nil {
		fault := r.Fault(w.Injects)
		s.injects = &fault
	}
	s.sets = words(w.Sets)
	return s
}

// words are names and the words that stand for them.
func words(pairs []yaml.Pair) map[string]string {
	all := map[string]string{}
	for _, p := range pairs {
		all[p.Key.Text] = p.Value.Text
	}
	return all
}

// each are what every stub of these may say.
func (w *Written) each() (all []*writtenStub) {
	for _, p := range w.Programs {
		all = append(all, &p.writtenStub)
	}
	for _, q := range w.Requests {
		all = append(all, &q.writtenStub)
	}
	for _, p := range w.Ports {
		all = append(all, &p.writtenStub)
	}
	return all
}

// Check reports what stubs wait for and none of those that may set it does.
func Check(w *Written, by []*Written, r Reader) {
	set := map[string][]string{}
	for _, other := range by {
		for _, s := range other.each() {
			for _, p := range s.Sets {
				set[p.Key.Text] = append(set[p.Key.Text], p.Value.Text)
			}
		}
	}
	for _, s := range w.each() {
		if s.While == nil {
			continue
		}
		for _, p := range s.While.Words {
			words, ok := set[p.Key.Text]
			switch {
			case !ok:
				r.Fail(p.Key, fmt.Sprintf("no stub sets %q", p.Key.Text), nearest(p.Key.Text, slices.Sorted(maps.Keys(set))))
			case !slices.Contains(words, p.Value.Text):
				r.Fail(p.Value, fmt.Sprintf("no stub sets %s to %q", p.Key.Text, p.Value.Text), nearest(p.Value.Text, words))
			}
		}
	}
}

// nearest asks for the word that was meant.
func nearest(word string, from []string) string {
	if near := diag.Nearest(word, from); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "let a stub say sets: {name: word}"
}

// Value is a value without a declared type.
func Value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.List:
		list := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			list = append(list, Value(item))
		}
		return list
	case yaml.Map:
		values := map[string]any{}
		for _, p := range n.Pairs {
			values[p.Key.Text] = Value(p.Value)
		}
		return values
	case yaml.Null:
		return nil
	}
	v, _ := schema.ParseText(schema.AnyType, n.Text, n.Quoted) // any text is a value
	return v
}
