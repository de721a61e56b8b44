package diag

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

// Title returns the one line that says what code means, for the codes of this
// package; "" for others.
func Title(code string) string {
	switch code {
	case CodeUnreadable:
		return "The file cannot be read"
	case CodeTooLarge:
		return "The file is beyond a limit"
	case CodeEncoding:
		return "The file is not plain UTF-8 text"
	case CodeYAML:
		return "The text is no YAML"
	case CodeIndentation:
		return "The indentation is wrong"
	case CodeDuplicate:
		return "A key stands twice"
	case CodeAlias:
		return "An alias, an anchor or a merge key is wrong"
	case CodeTag:
		return "Tags are not in the language"
	case CodeUnquoted:
		return "An expression inside { } or [ ] must be quoted"
	case CodeCut:
		return "YAML ends a text before its end"
	case CodeDocuments:
		return "A file holds one document"
	case CodeQuote:
		return "A quote or bracket is not closed, or text stands behind it"
	case CodeEmptyText:
		return "An expression or a text is empty"
	}
	return structureTitle(code)
}

func structureTitle(code string) string {
	switch code {
	case CodeUnknownKey:
		return "A key is not known"
	case CodeWrongKind:
		return "Text, list or mapping where another is wanted"
	case CodeMissingKey:
		return "A required key is missing"
	case CodeConflict:
		return "Keys exclude each other"
	case CodeDuplicateID:
		return "An id is given twice"
	case CodeBadName:
		return "A name does not match its pattern"
	case CodeBadWord:
		return "A word is none of those that are taken"
	case CodeMisplaced:
		return "A key may not stand here"
	case CodeEmptyList:
		return "A list or mapping is empty"
	case CodeBadValue:
		return "A value is of the wrong type or out of bounds"
	}
	return ""
}
