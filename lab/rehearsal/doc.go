// Package rehearsal plays playbooks against faults in labs of their own, and
// judges how they end.
//
//	file.go parse.go      NAME.rehearsal.yaml, declared and read
//	condition.go          conditions on the lab
//	play.go scene.go      the rehearsals of many playbooks, beside each other
//	person.go             who answers approvals and manual steps
//	judge.go              what was expected against what was seen
//	property.go           what is checked without being written
//	coverage.go mutate.go what no rehearsal reached, and what none notices
//
// It knows no action and prints nothing: the registry and the catalogue are
// handed in, and a [Report] comes out.
package rehearsal
