// Package engine is the root of the engine, and holds no code of its own. Its
// packages turn a file into a graph, and the graph into facts:
//
//	playbook.yaml ──yaml──▶ nodes ──playbook.Parse──▶ tree ──plan.Compile(registry)──▶ Plan
//	runbook.yaml ──yaml──▶ nodes ──environment.Load──▶ targets, variables, policy       │
//	                                                              │                    │
//	                                                              └──────▶ launch ◀────┘
//	                                                                          │ inputs, locks
//	                                                                          ▼
//	                                                                       run.Run
//	                                                                          │
//	                                                                       events ──▶ journal ──▶ disk
//	                                                                          │
//	                                                                          ▼
//	                                                       screen ◀── page ◀── report ◀── history
//
// Each arrow is one package, and each value in between is complete and checked:
// what follows never looks back.
//
//   - [runbook/engine/diag]: mistakes with a code, a place and a hint; excerpt prints them.
//   - [runbook/engine/schema]: Go structs as types, and values of those types.
//   - [runbook/engine/action]: the contract of an action; all that its author sees.
//   - [runbook/engine/file]: regular files, read up to a bound.
//   - [runbook/engine/yaml]: a text to a tree in which everything has its place,
//     and that into structs that declare what a file may hold.
//   - [runbook/engine/playbook]: the language of playbooks, declared once.
//   - [runbook/engine/expression]: ${{ }} parsed, typed, evaluated and explained.
//   - [runbook/engine/plan]: the tree against the registry: a typed, unchanging graph.
//   - [runbook/engine/environment]: runbook.yaml: targets, variables, secrets, policy.
//   - [runbook/engine/launch]: the start of a run in order, and its end.
//   - [runbook/engine/run]: the graph is run: attempts, verification, remedies, undo.
//   - [runbook/engine/event]: the facts of a run, the only thing that leaves it.
//   - [runbook/engine/history]: the fold of the facts, without words; all readers count by it.
//   - [runbook/engine/journal]: the facts on disk, before they are acted on; locks.
//   - [runbook/engine/redact]: secrets are taken out of what is written anywhere.
//   - [runbook/engine/page]: lines of text with styles, for all that is printed.
//   - [runbook/engine/report]: facts folded into what people and programs read.
//   - [runbook/engine/procedure]: a playbook as a person reads it, and its graph.
//   - [runbook/engine/record]: what the verbs that list print as JSON.
//   - [runbook/engine/reference]: the registry and the files as pages and JSON Schemas.
//
// The direction of imports is held by a test in this folder: the engine knows no
// driver and no action; run does not know the file, and report does not know the
// plan, so that a report can be made from a journal alone.
package engine
