package plan

// Codes of what a plan finds in a tree that is well formed: RB1105 and RB13xx
// are errors, RB14xx warnings. They never change their meaning.
const (
	CodeUnknownParam    = "RB1105" // an action, playbook or mapping has no parameter of that name
	CodeNoAncestor      = "RB1202" // an expression reads a step that it does not wait for
	CodeUnknownAction   = "RB1301" // there is no action of that name
	CodeMissingParam    = "RB1302" // a required parameter is absent
	CodeUnknownNeed     = "RB1304" // `needs` names no sibling
	CodeCycle           = "RB1305" // steps wait for each other
	CodeEffect          = "RB1306" // an effect that may not stand here
	CodeUnknownPlaybook = "RB1307" // a called playbook is not there, or has mistakes
	CodeRecursion       = "RB1308" // playbooks call each other
	CodeNoRole          = "RB1309" // a role that is to answer, and nobody has
	CodeIncomplete      = "RB1401" // a field that its readers need is absent
	CodeShortTimeout    = "RB1402" // a timeout that ends before what it bounds can
	CodeIdleUndo        = "RB1403" // an undo that nothing calls
	CodeSpelling        = "RB1404" // a number that is read otherwise than it is spelled
	CodeUnusedInput     = "RB1407" // an input that nothing reads
)
