package rehearsal

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/model"
)

// stubbed are the stubs as they are written, for one rehearsal or for all of a file.
type stubbed struct {
	Programs []*writtenProgram `yaml:"programs,omitempty" doc:"Stubs that answer in place of programs, of this machine and in containers; the first that matches does."`
	Requests []*writtenRequest `yaml:"requests,omitempty" doc:"Stubs that answer in place of servers; the first that matches does."`
}

// writtenProgram is a stub of a program as it is written.
type writtenProgram struct {
	Argv   []yaml.String `yaml:"argv" list:"one" min:"1" hint:"write argv: [program, argument]" doc:"The beginning of the argv; '*' stands for one word."`
	Stdout yaml.String   `yaml:"stdout,omitempty" doc:"What it writes to its standard output."`
	Stderr yaml.String   `yaml:"stderr,omitempty" doc:"What it writes to its standard error."`
	Exit   yaml.Int      `yaml:"exit,omitempty" min:"0" max:"255" doc:"Its exit code; 0 without it."`
	writtenStub
	Node *yaml.Node `what:"a stub of a program" write:"write {argv: [program, argument], stdout: text}"`
}

// writtenRequest is a stub of a server as it is written.
type writtenRequest struct {
	Method  yaml.String `yaml:"method,omitempty" pattern:"^[A-Z]+$" hint:"write method: POST" doc:"The method; any without it."`
	URL     yaml.String `yaml:"url" hint:"write url: \"https://hooks.example.net/*\"" doc:"The URL; '*' stands for any text. Without a '?' in it the query of a request may be any."`
	Status  yaml.Int    `yaml:"status,omitempty" min:"200" max:"599" doc:"The status of the answer; 200 without it."`
	Headers []yaml.Pair `yaml:"headers,omitempty" hint:"write headers: {Name: value}" doc:"Headers of the answer."`
	Body    yaml.String `yaml:"body,omitempty" doc:"The body of the answer."`
	JSON    *yaml.Node  `yaml:"json,omitempty" doc:"The body of the answer, as a value that is sent as JSON."`
	writtenStub
	Node *yaml.Node `what:"a stub of a request" write:"write {method: POST, url: \"https://hooks.example.net/*\", status: 200}"`
}

// writtenStub is what every stub may say.
type writtenStub struct {
	On      yaml.String   `yaml:"on,omitempty" doc:"Only at this target; at any without it."`
	Takes   yaml.Duration `yaml:"takes,omitempty" min:"0s" doc:"How long the answer takes, in the lab's time."`
	Times   yaml.Int      `yaml:"times,omitempty" min:"1" doc:"How often it answers; then the next that matches does. Always without it."`
	Heals   yaml.String   `yaml:"heals,omitempty" doc:"The fault of the lab that goes when it has answered."`
	Injects *writtenFault `yaml:"injects,omitempty" doc:"The fault of the lab that comes when it has answered."`
}

// Stub answers in place of a program or of a server.
type Stub struct {
	Text    string // as it is told: "kubectl get deployments", "POST https://hooks.example.net/*"
	Place   diag.Span
	on      string
	argv    []string       // its beginning; nil of a request
	method  string         // "" is any
	url     *regexp.Regexp // nil of a program
	query   bool           // whether the URL is matched with its query
	times   int            // 0 is always
	answer  action.Answer
	heals   string
	injects *lab.Fault
}

// matches reports whether the stub is one for what is asked.
func (s *Stub) matches(asked action.Asked) bool {
	if s.on != "" && s.on != asked.Target || (s.url == nil) != (asked.URL == "") {
		return false
	}
	if s.url == nil {
		return begins(asked.Argv, s.argv)
	}
	url := asked.URL
	if !s.query {
		url, _, _ = strings.Cut(url, "?")
	}
	return (s.method == "" || s.method == asked.Method) && s.url.MatchString(url)
}

// begins reports whether an argv begins with these words, of which * is any.
func begins(argv, words []string) bool {
	if len(argv) < len(words) {
		return false
	}
	for i, word := range words {
		if word != action.AnyWord && word != argv[i] {
			return false
		}
	}
	return true
}

// stubs reads the stubs of a rehearsal or of a file.
func (r *reader) stubs(w *stubbed) []*Stub {
	var all []*Stub
	for _, p := range w.Programs {
		s := r.stub(&p.writtenStub, p.Node)
		s.argv = texts(p.Argv)
		s.Text = strings.Join(s.argv, " ")
		s.answer.Stdout, s.answer.Stderr, s.answer.ExitCode = p.Stdout.Value, p.Stderr.Value, p.Exit.Value
		all = append(all, s)
	}
	for _, q := range w.Requests {
		s := r.stub(&q.writtenStub, q.Node)
		s.method, s.query = q.Method.Value, strings.Contains(q.URL.Value, "?")
		s.url = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(q.URL.Value), `\*`, ".*") + "$")
		s.Text = strings.TrimSpace(s.method + " " + q.URL.Value)
		s.answer.Status, s.answer.Header = q.Status.Or(http.StatusOK), map[string]string{}
		r.body(q, s)
		for _, h := range q.Headers {
			s.answer.Header[h.Key.Text] = h.Value.Text
		}
		all = append(all, s)
	}
	return all
}

// body reads the body of an answer to a request.
func (r *reader) body(q *writtenRequest, s *Stub) {
	s.answer.Body = []byte(q.Body.Value)
	switch {
	case q.JSON == nil:
		return
	case q.Body.Set():
		r.fail(q.JSON, CodeValue, "the answer has two bodies", "keep body, or json")
	}
	text, err := json.Marshal(schema.Encode(plainValue(q.JSON)))
	if err != nil {
		r.fail(q.JSON, CodeValue, "this is no JSON: "+err.Error(), "")
	}
	s.answer.Body, s.answer.Header["Content-Type"] = text, "application/json"
}

// stub reads what every stub may say.
func (r *reader) stub(w *writtenStub, n *yaml.Node) *Stub {
	s := &Stub{Place: n.Span, on: w.On.Value, times: w.Times.Value, heals: w.Heals.Value}
	s.answer.Takes = w.Takes.Value
	if w.Heals.Set() {
		name, _, _ := strings.Cut(s.heals, " on ")
		if _, ok := model.Lookup(name); !ok {
			r.noFault(w.Heals.Node, s.heals)
		}
	}
	if w.Injects != nil {
		var fault lab.Fault
		r.fault(w.Injects, &fault)
		s.injects = &fault
	}
	return s
}
