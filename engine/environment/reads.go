package environment

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Codes of what is wrong in what a target lists.
const (
	CodeUnlisted = "RB1507" // an entry that the kind of the target does not list
	CodeOpenRead = "RB1508" // a program is listed that starts any other
)

// keysOf are the keys of a target of that kind.
func keysOf(k *action.TargetKind) []string {
	var keys []string
	if k.Config != nil {
		keys = k.Config.Names()
	}
	keys = append(keys, "kind")
	if k.Requests {
		keys = append(keys, "reads", "writes")
	}
	if k.Programs != "" {
		keys = append(keys, k.Programs)
	}
	return keys
}

// lists sets what a target lists: requests and programs.
func (l *loader) lists(t *action.Target, k *action.TargetKind, written *Target) {
	takes := func(key string) bool {
		for _, p := range written.Node.Pairs {
			if p.Key.Text == key && !slices.Contains(keysOf(k), key) {
				l.unknown(p.Key, k, keysOf(k))
				return false
			}
		}
		return true
	}
	if takes("reads") {
		for _, r := range written.Reads {
			l.read(t, k, r)
		}
	}
	if takes("exec_reads") {
		for _, p := range written.ExecReads {
			l.program(t, p, p.Node)
		}
	}
	if takes("writes") {
		for _, w := range written.Writes {
			t.Writes = append(t.Writes, requestRule(w.Value))
		}
	}
}

// read adds an entry of `reads`, which is a program or a request as the kind has it.
func (l *loader) read(t *action.Target, k *action.TargetKind, r *Read) {
	program := !r.Request.Set() && !r.RPC.Set() && !r.GraphQL.Set()
	switch {
	case program && k.Programs != "reads":
		l.fail(CodeUnlisted, r.Node, "a target of kind "+k.Name+" lists requests, and this is a program", "write POST /api/search, {rpc: name, path: /jsonrpc} or {graphql: query, path: /graphql}")
		return
	case !program && !k.Requests:
		l.fail(CodeUnlisted, r.Node, "a target of kind "+k.Name+" lists programs, and this is a request", "write [program, argument]")
		return
	case program:
		l.program(t, &r.Program, r.Node)
		return
	}
	rule := action.RequestRule{Path: r.Path.Value, RPC: r.RPC.Value, GraphQL: r.GraphQL.Set()}
	if r.Request.Set() {
		rule = requestRule(r.Request.Value)
		// Such a request may be a mutation; what is listed are its queries.
		if rule.GraphQL = strings.HasSuffix(strings.ToLower(rule.Path), "/graphql"); rule.GraphQL {
			rule.Method = ""
		}
	}
	t.Reads = append(t.Reads, rule)
}

// program adds a program that reads. What names none, or one by a path that depends on
// a directory, is a mistake; one that starts any other is a finding.
func (l *loader) program(t *action.Target, p *Program, at *yaml.Node) {
	rule := action.ProgramRule{Argv: values(p.Argv), Exact: p.Exact.Value}
	if len(rule.Argv) == 0 {
		if at.Kind == yaml.List && len(at.Items) == 0 {
			l.fail(CodeUnlisted, at, "this names no program, and so would be every one", "write [program, argument], or remove it")
		}
		return
	}
	first := p.Argv[0]
	switch name := first.Value; {
	case name == action.AnyWord:
		l.fail(CodeUnlisted, first.Node, fmt.Sprintf("%q would be every program", name), "name the program, as in [df, -h]")
	case strings.ContainsAny(name, `/\`) && !absolute(name):
		l.fail(CodeUnlisted, first.Node, fmt.Sprintf("%q depends on the directory in which it is started", name), "write its name alone, or its full path")
	case slices.Contains(rule.Argv, ""):
		l.fail(CodeUnlisted, at, "a word of it is empty, which no call matches", "write the words that a step has in its argv")
	default:
		t.Programs = append(t.Programs, rule)
		if opens := rule.Opens(); opens != "" {
			l.list.Add(diag.Diagnostic{
				Code: CodeOpenRead, Severity: diag.Warning, Source: l.source.Name, Span: at.Span,
				Message: fmt.Sprintf("%s starts what the words after it say, so this lists any program as a read, also for a dry run", opens),
				Hint:    "list the whole call: {argv: [...], exact: true}; or name the program that it starts",
			})
		}
	}
}

// absolute reports whether a path is one from the root, on any system.
func absolute(path string) bool {
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, `\\`) || len(path) > 2 && path[1] == ':'
}
