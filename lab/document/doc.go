// Package document is a database of documents in memory that answers as
// MongoDB does: queries, updates, indexes with a planner that tells what it
// examined, and aggregation in the part that operations use.
//
//	value/       values of BSON: their order, paths into them, and the errors of a server
//	expression/  aggregation's expressions
//	query/       conditions, projections, updates, stages of an aggregation
//
// It is pure: no goroutine, no lock, no network, and its clock is given. The
// caller holds one lock over all calls, reads too, for reads bring indexes up
// to date and count their use. Documents that a call returns are shared with
// the database and must not be changed.
package document
