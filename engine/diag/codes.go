package diag

// CodeUsage is of what a command line asks for and there is not: it stands in no file.
const CodeUsage = "RB0001"

// Codes of the text of a file: RB10xx. What is wrong here keeps the file from
// being read, or makes YAML read something else than was meant.
const (
	CodeUnreadable  = "RB1000" // the file cannot be read
	CodeTooLarge    = "RB1001" // a file beyond a limit: size, nesting, keys, values
	CodeEncoding    = "RB1002" // no UTF-8, or a control character
	CodeYAML        = "RB1003" // the text is no YAML
	CodeIndentation = "RB1004" // a tab or a wrong indentation
	CodeDuplicate   = "RB1005" // a key stands twice in a mapping
	CodeAlias       = "RB1006" // an alias without its anchor, or a merge of what is no mapping
	CodeTag         = "RB1007" // a tag, also a "!" that was meant as "not"
	CodeUnquoted    = "RB1008" // ${{ }} without quotes inside { } or [ ]
	CodeCut         = "RB1009" // YAML ends a text at a comma, a "#", a ":" or a bracket
	CodeDocuments   = "RB1010" // more than one document
	CodeQuote       = "RB1011" // a quote or a bracket that is not closed, or text behind it
	CodeEmptyText   = "RB1012" // an expression or a text is empty
)

// Codes of the structure of a playbook: RB11xx.
const (
	CodeUnknownKey  = "RB1101" // a key that is not there
	CodeWrongKind   = "RB1102" // text, list or mapping where another is wanted
	CodeMissingKey  = "RB1103" // a key that is required
	CodeConflict    = "RB1104" // keys that exclude each other
	CodeDuplicateID = "RB1106" // two steps or fields with one id
	CodeBadName     = "RB1107" // a name or id that does not match its pattern
	CodeBadWord     = "RB1108" // a word that is none of an enumeration
	CodeMisplaced   = "RB1109" // a key that may not stand here
	CodeEmptyList   = "RB1110" // a list or mapping that must not be empty
	CodeBadValue    = "RB1303" // a value of the wrong type or out of bounds
)
