package expression

// The codes of problems in expressions. They are stable.
const (
	CodeSyntax          = "RB1201" // the text is no expression
	CodeNotAncestor     = "RB1202" // the step referred to need not have run before; given by Env.Step
	CodeOptional        = "RB1203" // a value that may be nil is used as if it never were
	CodeType            = "RB1204" // a value is of the wrong type
	CodeUnknownName     = "RB1205" // a name or field does not exist
	CodeUnknownFunction = "RB1206" // a function does not exist, or is called wrongly
	CodeSecret          = "RB1207" // a secret is used other than whole
	CodeTooLarge        = "RB1208" // the source is too long or nested too deeply
	CodeUnchecked       = "RB1209" // a use of steps that cannot be checked, as steps[x]
	CodeEmpty           = "RB1210" // there is no expression
	CodeConstant        = "RB1211" // a comparison always has the same result (a warning)
)
