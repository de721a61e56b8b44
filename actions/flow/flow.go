// Package flow has the actions that talk to nothing: they wait, assert, log,
// set values and fail.
package flow

// None are the outputs of an action that has none.
type None struct{}
