// Package playbook turns the positioned tree of a file into the typed tree of a
// playbook, which plan compiles.
package playbook
