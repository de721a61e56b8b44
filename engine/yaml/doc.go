// Package yaml turns the text of a file into a tree in which every value, and
// every character of a text, has its place in the file.
//
// Goccy/go-yaml reads the text. Its tokens are placed one behind the other, since
// its own positions count in several ways; a pass over them finds what YAML reads
// otherwise than people mean it, what is not in the language (tags, complex keys,
// several documents) and what would be too much. Each mistake is reported in our
// words and masked by text of the same length, and the rest is read on, so that
// all mistakes are told at once. Then goccy's tree becomes ours. What an alias or a
// merge key puts somewhere is a copy that knows where it is written and where it
// is used. A corpus and a fuzz test hold that goccy's decoder reads the same.
//
// Decode sets a Go struct from such a tree and reports all mistakes at their
// places. What a file may hold is declared once, by the tags of the struct (see
// Key): the decoder, the JSON Schemas and the tables of the docs all follow the
// same Declaration. The decoder stands here and not in runbook/engine/schema
// because it moves nodes with their places, where schema moves values; what the
// tags say of a value is read by schema.FieldOf, so that there is one language of
// tags.
package yaml
