// Package report turns the facts of a run into what people and programs read:
// a live tree, plain lines, JSON, a summary, a report from the journal. It
// knows facts only, so a report needs neither the playbook nor the plan.
//
// Run is the fold of the facts. The views — Terminal, Plain, JSON — follow it
// live; Text and ReportJSON print it afterwards.
package report
