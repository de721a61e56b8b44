// Package yaml turns the text of a file into a tree in which every value, and
// every character of a text, has its place in the file.
//
// The tree is read by a reader of its own for the subset of YAML 1.2 that the
// language uses: block and flow mappings and lists, plain, quoted and block
// scalars. Anchors, aliases, merge keys, tags, complex keys and several
// documents are refused. The authority on YAML remains goccy/go-yaml: tables and
// a fuzz test hold that whatever this reader accepts, goccy reads to the same
// tree.
//
// Decode sets a Go struct from such a tree and reports all mistakes at their
// places. What a file may hold is declared once, by the tags of the struct (see
// Key): the decoder, the JSON Schemas and the tables of the docs all follow the
// same Declaration. The decoder stands here and not in runbook/engine/schema
// because it moves nodes with their places, where schema moves values; what the
// tags say of a value is read by schema.FieldOf, so that there is one language of
// tags.
package yaml
