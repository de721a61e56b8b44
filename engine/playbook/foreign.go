package playbook

// foreign says what to write for a word that other tools have for a key of a
// playbook or a step; "" for other words.
func foreign(key string) string {
	switch key {
	case "if", "condition", "only_if", "unless":
		return "write when: condition"
	case "loop", "with_items", "foreach", "matrix", "items":
		return "write for_each: ${{ list }}; in it `item` is the element"
	case "depends_on", "dependsOn", "after", "requires":
		return "write needs: [id]"
	case "run", "shell", "cmd", "command", "exec", "script":
		return "write action: shell.run, with: {argv: [program, argument]}"
	case "uses", "module", "task", "job":
		return "write action: family.verb; list them: runbook actions"
	case "parameters", "params", "args", "variables", "vars":
		return "a playbook declares `inputs`; a step gives the parameters of its action in `with`"
	case "tasks", "jobs", "stages", "block":
		return "write steps:, each step with a dash"
	case "always", "cleanup", "teardown":
		return "write finally: and under it the steps, beside the steps of the playbook or of a block"
	case "rescue", "on_error", "catch":
		return "write on_failure: stop, continue, warn or undo; or remedies: that are tried one after the other"
	case "ignore_errors", "continue_on_error", "continue-on-error", "allow_failure":
		return "write on_failure: warn"
	case "register", "outputs_to", "save_as":
		return "give the step an id: its outputs are steps.<id>.outputs"
	case "retries":
		return "write retry: {attempts: 3, delay: 2s}"
	case "assert", "check", "expect", "test", "until":
		return "write verify: [condition]"
	case "rollback", "compensate", "revert":
		return "write undo: {action: family.verb, with: {parameter: value}}"
	case "include", "import_playbook", "playbook_call":
		return "write call: name"
	case "name", "label":
		return "write title: what it does; a step is referred to by its id, a playbook is named by playbook:"
	case "desc":
		return "write title: for what it does; a playbook also has `purpose`"
	}
	return ""
}

func foreignOfInputs(key string) string {
	switch key {
	case "description", "help", "desc":
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
