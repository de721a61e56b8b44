// Package launch starts runs and ends them.
//
//	catalogue.go   playbooks by name or path
//	plans.go       a playbook's text to a plan, remembered by content
//	inputs.go      texts or values to the inputs of a plan
//	policy.go      what is denied, or lacks a target, before anything begins
//	locks.go       the keys of a plan, taken all or none
//	header.go      the first fact of a run
//	launcher.go    all of it in order, the run, and what is let go of in the end
//
// Where no run begins, a [Refusal] says why, with its exit code. The package
// prints nothing, reads no terminal, hears no signal and ends no process, so that
// many runs may be started side by side in one.
package launch
