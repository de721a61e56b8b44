package stub

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/run"
	"runbook/engine/yaml"
)

// Recording are the stubs of what a run asked for real, in the order of the answers.
type Recording struct {
	mu    sync.Mutex
	taken []taken
}

type taken struct {
	asked  action.Asked
	answer action.Answer
}

// Record runs what a playbook reads once, for real, in the environment of a request: a
// dry run of which it records what answered. The error is a *launch.Refusal.
func Record(ctx context.Context, l *launch.Launcher, q launch.Request) (*Recording, event.RunFinished, error) {
	r := &Recording{}
	q.Mode, q.Environment.Confine = run.Mode{DryRun: true}, r.confine()
	fin, err := l.Run(ctx, q)
	return r, fin, err
}

// confine keeps a run to no place, and records what programs and servers answer it.
func (r *Recording) confine() *action.Confine {
	return &action.Confine{Programs: true, Reach: func(string) bool { return true }, Recorded: r.record}
}

func (r *Recording) record(asked action.Asked, answer action.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, taken{asked, answer})
}

// Lines are the lines of a file by the key that they go below, and what is left out,
// each with why.
type Lines struct {
	Environment, Programs, Requests, Ports []string
	Left                                   []string
}

// Lines writes what was recorded in env. What redact would change is left out: no stub
// holds a secret. Of an answer that comes again only the first is written; where the
// same is answered otherwise, each but the last answers once.
func (r *Recording) Lines(env *environment.Environment, redact func(string) string) Lines {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out Lines
	used, last := map[string]bool{}, map[string]string{}
	type stub struct{ under, asked, rest string }
	var stubs []stub
	for _, t := range r.taken {
		under, asked, why := askedLine(env, t.asked)
		rest := answerLine(t.answer, under)
		all := strings.Join(append([]string{asked, rest, t.asked.URL, t.answer.Stdout, t.answer.Stderr, string(t.answer.Body)}, t.asked.Argv...), "\n")
		switch {
		case why != "":
		case redact(all) != all:
			why = "its stub would hold a secret"
		}
		if why != "" {
			out.Left = append(out.Left, told(t.asked)+": "+why)
			continue
		}
		used[t.asked.Target] = true
		if before, again := last[asked]; !again || before != rest {
			last[asked] = rest
			stubs = append(stubs, stub{under, asked, rest})
		}
	}
	for i, s := range stubs {
		line := "  - {" + s.asked + s.rest
		if slices.ContainsFunc(stubs[i+1:], func(o stub) bool { return o.asked == s.asked }) {
			line += ", times: 1"
		}
		line += "}"
		to := map[string]*[]string{"programs": &out.Programs, "requests": &out.Requests, "ports": &out.Ports}[s.under]
		*to = append(*to, line)
	}
	out.Environment = targetLines(env, used)
	out.Left = slices.Compact(out.Left)
	return out
}

// told is what was asked, for a message: without the words of a program, of which any
// may be a secret, and without the query of a URL.
func told(asked action.Asked) string {
	switch {
	case asked.URL != "":
		return asked.Method + " " + asked.Shown
	case asked.Port != "":
		return "port " + asked.Port
	}
	return asked.Argv[0]
}

// askedLine is the part of a stub that says what it answers, and below which key it
// goes; none where the lab answers itself. why says what cannot be written.
func askedLine(env *environment.Environment, asked action.Asked) (under, line, why string) {
	if asked.Port != "" {
		return "ports", "address: " + quoted(asked.Port), ""
	}
	target, _ := env.Target(asked.Target)
	on := ""
	if asked.Target != target.Kind {
		on = ", on: " + quoted(asked.Target)
	}
	if asked.URL == "" {
		return "programs", argvOf(asked.Argv, len(asked.Argv)) + on, ""
	}
	u, err := url.Parse(asked.URL)
	switch exact, _, _ := strings.Cut(asked.URL, "?"); {
	case err != nil || strings.TrimRight(exact, "/") != strings.TrimRight(asked.Shown, "/"):
		return "", "", "a part of its URL is secret"
	case strings.Contains(asked.URL, "*"):
		return "", "", "its URL has a *, which stands for any text in a stub"
	}
	text := asked.URL
	if base, err := url.Parse(target.Address); err == nil && base.Host == u.Host {
		text = "*" + strings.TrimPrefix(u.RequestURI(), strings.TrimRight(base.Path, "/"))
	}
	return "requests", "method: " + asked.Method + ", url: " + quoted(text) + on, ""
}

// answerLine is the part of a stub that says what it answers.
func answerLine(a action.Answer, under string) (line string) {
	add := func(key, text string) {
		if text != "" {
			line += ", " + key + ": " + quoted(text)
		}
	}
	if under == "programs" {
		if a.ExitCode != 0 {
			line = fmt.Sprintf(", exit: %d", a.ExitCode)
		}
		add("stdout", a.Stdout)
		add("stderr", a.Stderr)
		return line
	}
	if under == "ports" {
		add("closed", a.Closed)
		return line
	}
	line = fmt.Sprintf(", status: %d", a.Status)
	if is := a.Header["Content-Type"]; is != "" {
		line += ", headers: {Content-Type: " + quoted(is) + "}"
	}
	add("body", string(a.Body))
	return line
}

// targetLines are the targets of the stubs, with the programs that they list.
func targetLines(env *environment.Environment, used map[string]bool) []string {
	var lines []string
	for _, t := range env.Targets {
		line, key := "    "+t.Name+": {kind: "+t.Kind, "reads"
		if t.Kind == "docker" {
			key = "exec_reads"
		}
		var reads []string
		for _, p := range t.Programs {
			words := "{" + argvOf(p.Argv, len(p.Argv))
			if p.Exact {
				words += ", exact: true"
			}
			reads = append(reads, words+"}")
		}
		if len(reads) > 0 {
			line += ", " + key + ": [" + strings.Join(reads, ", ") + "]"
		}
		if used[t.Name] && (len(reads) > 0 || t.Name != t.Kind) {
			lines = append(lines, line+"}")
		}
	}
	if len(lines) > 0 {
		lines = append([]string{"  targets:"}, lines...)
	}
	return lines
}

// Into adds the lines to the text of a file of rehearsals, each below its key; a file
// that is empty becomes one with a rehearsal. An environment that stands there is left
// as it is. The error is of a key that is not written over several lines.
func (l Lines) Into(text string) (string, error) {
	fresh := strings.TrimSpace(text) == ""
	for _, part := range []struct {
		key   string
		lines []string
	}{{"ports", l.Ports}, {"requests", l.Requests}, {"programs", l.Programs}, {"environment", l.Environment}} {
		at, ok := keyAt(text, part.key)
		switch {
		case len(part.lines) == 0 || ok && part.key == "environment":
		case !ok:
			text = part.key + ":\n" + strings.Join(part.lines, "\n") + "\n" + text
		case strings.TrimRight(strings.SplitN(text[at:], "\n", 2)[0], " ") != part.key+":":
			return "", fmt.Errorf("%s: stands in one line, in which nothing can be added; write it over several", part.key)
		default:
			end := at + strings.IndexByte(text[at:]+"\n", '\n')
			var missing []string
			for _, line := range part.lines {
				if !strings.Contains(text, strings.TrimSpace(line)) {
					missing = append(missing, "\n"+line)
				}
			}
			text = text[:end] + strings.Join(missing, "") + text[end:]
		}
	}
	if fresh {
		text += "rehearsals:\n  - name: what was recorded is found\n    fault: none\n    expect: {exit: 0}\n"
	}
	return text, nil
}

// keyAt is where the line of a key of the file itself begins.
func keyAt(text, key string) (int, bool) {
	root, _ := yaml.Read(&yaml.Source{Text: []byte(text)})
	if root != nil {
		for _, p := range root.Pairs {
			if p.Key.Text == key {
				before := strings.SplitAfterN(text, "\n", p.Key.Span.Start.Line)
				return len(text) - len(before[len(before)-1]), true
			}
		}
	}
	return 0, false
}
