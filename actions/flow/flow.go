// Package flow has the actions that talk to nothing: they wait, assert, log,
// set values and fail.
package flow
