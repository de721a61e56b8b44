package playbook

import (
	"slices"

	"runbook/engine/yaml"
)

// meaning is what a word of another tool is called here: a key of a step or of a
// playbook, and what to write for it. The zero meaning is that of other words.
type meaning struct{ key, write string }

// foreign is the meaning of a word that other tools have for a key of a playbook or of
// a step.
func foreign(word string) meaning {
	switch word {
	case "if", "condition", "only_if", "unless":
		return meaning{"when", "write when: condition"}
	case "loop", "with_items", "with_list", "foreach", "for-each", "matrix", "items":
		return meaning{"for_each", "write for_each: ${{ list }}; in it `item` is the element"}
	case "depends_on", "dependsOn", "after", "requires":
		return meaning{"needs", "write needs: [id]"}
	case "parallel", "concurrency", "forks", "serial", "throttle":
		return meaning{"max_parallel", "write max_parallel: 4; steps with `needs: []` start at once"}
	case "run", "shell", "cmd", "command", "exec", "script":
		return meaning{"action", "write action: shell.run, with: {argv: [program, argument]}"}
	case "become", "sudo":
		return meaning{"with", "write with: {argv: [sudo, program, argument]}; or let the target be of another user, host: ssh://user@host"}
	case "env", "environment":
		return meaning{"with", "write with: {argv: [program, argument], env: {NAME: value}}; what every call needs stands under `env` of the target in runbook.yaml"}
	case "uses", "module", "task", "job":
		return meaning{"action", "write action: family.verb; list them: runbook actions"}
	case "parameters", "params", "args", "variables", "vars":
		return meaning{"with", "write with: {parameter: value} for the parameters of its action; a playbook declares `inputs`"}
	case "tasks", "jobs", "stages", "block":
		return meaning{"steps", "write steps:, each step with a dash"}
	case "always", "cleanup", "teardown":
		return meaning{"finally", "write finally: and under it the steps, beside the steps of the playbook or of a block"}
	case "rescue", "on_error", "catch":
		return meaning{"on_failure", "write on_failure: stop, continue, warn or undo; or remedies: that are tried one after the other"}
	case "ignore_errors", "continue_on_error", "continue-on-error", "allow_failure":
		return meaning{"on_failure", "write on_failure: warn"}
	case "register", "outputs_to", "save_as":
		return meaning{"id", "write id: name; what the step gives is steps.<id>.outputs then"}
	}
	return foreignProof(word)
}

// foreignProof is foreign for what is looked at, repeated and told.
func foreignProof(word string) meaning {
	switch word {
	case "retries", "delay":
		return meaning{"retry", "write retry: {attempts: 3, delay: 2s}; a pause by itself is the action flow.wait"}
	case "until":
		return meaning{"verify", "write verify: [condition], and within: 1m beside it to look again until it holds"}
	case "assert", "check", "expect", "test", "failed_when":
		return meaning{"verify", "write verify: [condition]"}
	case "changed_when":
		return meaning{"action", "remove it: an action knows whether it changes something; a program that only reads stands under `reads` of the target in runbook.yaml"}
	case "notify", "handlers":
		return meaning{"when", "write when: condition, on a step of its own below; to tell people there is action: notify.send"}
	case "rollback", "compensate", "revert":
		return meaning{"undo", "write undo: {action: family.verb, with: {parameter: value}}"}
	case "include", "import_playbook", "playbook_call":
		return meaning{"call", "write call: name"}
	case "name", "label", "desc":
		return meaning{"title", "write title: what it does; a step is referred to by its id, a playbook is named by `playbook`"}
	case "tags":
		return meaning{"when", "write when: inputs.part == \"backup\" to choose steps; a playbook is found by its category, symptoms and alerts"}
	case "hosts", "delegate_to":
		return meaning{"target", "write target: name; for several for_each: ${{ environment.groups.web }} and target: ${{ item }}"}
	}
	return meaning{}
}

// Foreign says what to write for a word of another tool; what only a step has stands
// on one.
func (Playbook) Foreign(word string) string {
	m := foreign(word)
	switch {
	case word == "tags":
		return "write category: and symptoms:, by which it is found"
	case word == "env" || word == "vars" || word == "variables" || word == "parameters" || word == "params" || word == "args":
		return "write inputs: for what a run is given; what an environment has stands under its `vars` in runbook.yaml"
	case m.write == "" || slices.Contains(yaml.DeclarationOf[Playbook]().Names(), m.key):
		return m.write
	}
	return "on a step " + m.write
}

// Foreign says what to write for a word of another tool.
func (Step) Foreign(word string) string { return foreign(word).write }

// beside is what to write on the step for a word in one of its mappings.
func beside(word string) string {
	if m := foreign(word); m.write != "" {
		return "on the step " + m.write
	}
	return ""
}

// Foreign says what to write for a word of another tool.
func (Operation) Foreign(word string) string {
	switch foreign(word).key {
	case "with":
		return "write with: {parameter: value}"
	case "action":
		return "write action: family.verb of an action that reads; of a program shell.run, with: {argv: [program, argument]}"
	}
	return beside(word)
}

// Foreign says what to write for a word of another tool.
func (Check) Foreign(word string) string {
	switch word {
	case "if", "condition", "assert", "check", "expect", "test", "failed_when":
		return "write that: condition"
	case "name", "label", "desc", "msg", "fail_msg":
		return "write message: text, which is said if it does not hold"
	case "severity", "ignore_errors", "allow_failure":
		return "write level: warn"
	}
	return beside(word)
}

// Foreign says what to write for a word of another tool.
func (Retry) Foreign(word string) string {
	switch word {
	case "retries", "times", "count", "max":
		return "write attempts: 3"
	case "interval", "every", "pause":
		return "write delay: 2s"
	case "when", "on":
		return "write if: error contains \"busy\""
	}
	return beside(word)
}

// Foreign says what to write for a word of another tool.
func (Approve) Foreign(word string) string {
	switch word {
	case "name", "label", "desc", "prompt", "text":
		return "write message: text"
	case "timeout":
		return "write expires: 10m"
	}
	return beside(word)
}

// Foreign says what to write for a word of another tool.
func (Manual) Foreign(word string) string {
	switch word {
	case "name", "label", "desc", "message", "prompt":
		return "write text: what to do"
	case "register", "args", "vars", "inputs", "variables", "parameters", "params":
		return "write fields: {name: {type: string}}"
	}
	return beside(word)
}

func foreignOfInputs(key string) string {
	switch key {
	case "description", "help", "desc", "name", "label":
		return "write doc: sentence"
	case "required", "optional":
		return "an input without `default` is required"
	case "options", "choices", "values":
		return "write enum: [a, b]"
	case "minimum":
		return "write min: value"
	case "maximum":
		return "write max: value"
	case "regex":
		return "write pattern: \"^[a-z]+$\""
	}
	return ""
}
