package playbook

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/diag"
)

// oneBody reports a step without a body, or with several.
func (m *mapping) oneBody() {
	var bodies []string
	for _, p := range m.node.Pairs {
		if slices.Contains(bodyKeys(), p.Key.Text) {
			bodies = append(bodies, p.Key.Text)
		}
	}
	if len(bodies) == 0 {
		if !m.node.Broken && !slices.ContainsFunc(m.meant, func(k string) bool { return slices.Contains(bodyKeys(), k) }) {
			m.report(m.head(), diag.CodeMissingKey, m.what+" does nothing", "give it one of action, steps, remedies, call, manual")
		}
		return
	}
	for _, key := range bodies[1:] {
		note := diag.Note{Span: m.keySpan(bodies[0]), Message: "it does this already"}
		m.report(m.keySpan(key), diag.CodeConflict, fmt.Sprintf("%s has one body, so %q excludes %q", m.what, bodies[0], key),
			"make two steps of it, or put them in a block: `steps:`", note)
	}
}

// beside reports a key that stands without any of the keys that it belongs to.
func (m *mapping) beside(key string, owners ...string) {
	if !m.has(key) || m.node.Broken || slices.ContainsFunc(owners, func(o string) bool { return m.has(o) || slices.Contains(m.meant, o) }) {
		return
	}
	list := strings.Join(owners, " or ")
	m.misplaced(key, fmt.Sprintf("%q belongs to %s", key, list), fmt.Sprintf("put it on a step with %s, or remove it", list))
}

// rules reports keys that may not stand beside each other.
func (m *mapping) rules(s *Step) {
	m.beside("with", "action", "call")
	m.beside("target", "action", "observe")
	m.beside("effect", "action")
	m.beside("approve", "action")
	m.beside("retry", "action")
	m.beside("max_parallel", "for_each")
	m.beside("skip_if_met", "observe")
	if s.HasRemedies {
		m.require("observe", "remedies need an observation: observe: {action: ..., with: ...}")
		m.require("verify", "remedies need a verification: verify: [observed.field < limit]")
	}
	if s.OnFailure.Value == "continue" && !s.HasSteps && s.ForEach == nil && !m.node.Broken {
		m.report(s.OnFailure.Node.Span, diag.CodeMisplaced, "only a playbook, a block or a loop can continue after a failure",
			"write on_failure: warn here, or on_failure: continue on what holds this step")
	}
}

// position reports keys that a step may not have where it stands.
func (m *mapping) standing(at position) {
	if at.remedy && m.has("needs") {
		m.misplaced("needs", "a remedy waits for the remedies above it", "remove the key, and order the remedies from mild to strong")
	}
	if at.inUndo {
		for _, key := range []string{"approve", "manual"} {
			if m.has(key) {
				m.misplaced(key, "an undo asks nobody: it is covered by the approval of its step", "remove it, or put it on the step that is undone")
			}
		}
	}
	if at.undo {
		for _, key := range []string{"id", "needs", "undo"} {
			if m.has(key) {
				m.misplaced(key, fmt.Sprintf("an undo has no %q", key), "remove it: nothing can refer to or wait for an undo")
			}
		}
	}
}
