// Package report turns what happened in a run into what people and programs read:
// a live tree, plain lines, JSON, a summary, a report from the journal. It knows
// facts only, so a report needs neither the playbook nor the plan.
//
// Package history folds the facts. The views — Terminal, Plain, JSON — follow them
// live; Run adds a timeline for what is printed afterwards.
package report
