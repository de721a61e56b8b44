// Package playbook is the language of playbooks. Its structs declare what a file
// may hold, and Parse turns a file into them; plan compiles what comes out.
package playbook
