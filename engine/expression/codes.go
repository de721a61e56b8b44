package expression

// The codes of problems in expressions. They are stable.
const (
	// CodeSyntax : the text is no expression.
	CodeSyntax = "RB1201"
	// CodeNotAncestor : the step referred to need not have run before; given by Env.Step.
	CodeNotAncestor = "RB1202"
	// CodeOptional : a value that may be nil is used as if it never were.
	CodeOptional = "RB1203"
	// CodeType : a value is of the wrong type.
	CodeType = "RB1204"
	// CodeUnknownName : a name or field does not exist.
	CodeUnknownName = "RB1205"
	// CodeUnknownFunction : a function does not exist, or is called wrongly.
	CodeUnknownFunction = "RB1206"
	// CodeSecret : a secret is used other than whole.
	CodeSecret = "RB1207"
	// CodeTooLarge : the source is too long or nested too deeply.
	CodeTooLarge = "RB1208"
	// CodeUnchecked : a use of steps that cannot be checked, as steps[x].
	CodeUnchecked = "RB1209"
	// CodeEmpty : there is no expression.
	CodeEmpty = "RB1210"
	// CodeConstant : a comparison always has the same result (a warning).
	CodeConstant = "RB1211"
)
