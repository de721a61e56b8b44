// Package yaml turns the text of a file into a tree in which every value, and
// every character of a text, has its place in the file.
//
// The tree is read by a reader of its own for the subset of YAML 1.2 that the
// language uses: block and flow mappings and lists, plain, quoted and block
// scalars. Anchors, aliases, merge keys, tags, complex keys and several
// documents are refused. The authority on YAML remains goccy/go-yaml: tables and
// a fuzz test hold that whatever this reader accepts, goccy reads to the same
// tree.
package yaml
