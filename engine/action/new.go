package action

// New checks a Spec and returns its Action. It panics on a Spec that is not
// complete, which is a programmer's mistake that any test finds.
func New[P, O any](s Spec[P, O]) *Action { panic("being written") }

// Decode checks values against the action's parameters, fills in defaults and
// binds the action to them. Target is the one the step resolved to, zero where
// there is none; the effect may depend on it.
func (a *Action) Decode(values map[string]any, target Target) (Bound, error) { panic("being written") }
