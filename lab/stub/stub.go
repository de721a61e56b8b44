package stub

import (
	"regexp"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/lab"
)

// Stub answers in place of a program or of a server.
type Stub struct {
	Text    string // as it is told: "kubectl get deployments", "POST https://hooks.example.net/*"
	Place   diag.Span
	on      string
	argv    []string       // its beginning; nil of a request
	method  string         // "" is any
	url     *regexp.Regexp // of a request
	query   bool           // whether the URL is matched with its query
	port    *regexp.Regexp // of a port
	times   int            // 0 is always
	fault   string         // that must last; "" is none
	answer  action.Answer
	heals   string
	injects *lab.Fault
	sets    map[string]string // by name, in the words of the file
	while   map[string]string
}

// changes reports whether it does something to the lab, or to what other stubs answer.
func (s *Stub) changes() bool { return s.heals != "" || s.injects != nil || len(s.sets) > 0 }

// stands reports whether what it needs is so.
func (s *Stub) stands(now map[string]string) bool {
	for name, word := range s.while {
		if now[name] != word {
			return false
		}
	}
	return true
}

// matches reports whether the stub is one for what is asked.
func (s *Stub) matches(asked action.Asked) bool {
	if s.on != "" && s.on != asked.Target && s.on != asked.Service {
		return false
	}
	switch {
	case s.argv != nil:
		return begins(asked.Argv, s.argv)
	case s.port != nil:
		return s.port.MatchString(asked.Port)
	}
	url := asked.URL
	if !s.query {
		url, _, _ = strings.Cut(url, "?")
	}
	return url != "" && (s.method == "" || s.method == asked.Method) && s.url.MatchString(url)
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
