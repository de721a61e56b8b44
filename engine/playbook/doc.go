// Package playbook turns the YAML text of a playbook into a positioned tree,
// and that into the typed tree that plan compiles.
//
// The tree is read by a reader of its own for the subset of YAML 1.2 that the
// language uses: block and flow mappings and lists, plain, quoted and block
// scalars. Anchors, aliases, merge keys, tags, complex keys and several
// documents are refused. Three things ask for it: each character of a text has
// to be found again in the file, the traps that YAML sets to expressions need
// words of their own, and 100,000 steps must be read in a fraction of a second
// and in linear time. The authority on YAML remains goccy/go-yaml: tables and a
// fuzz test hold that whatever this reader accepts, goccy reads to the same tree.
package playbook
