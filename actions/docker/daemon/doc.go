// Package daemon has the actions of the family docker that ask the engine about itself:
// its version, its events, its volumes, what takes its disk.
package daemon
