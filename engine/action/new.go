package action

// New checks a Spec and returns its Action. It panics on a Spec that is not
// complete, which is a programmer's mistake that any test finds.
func New[P, O any](s Spec[P, O]) *Action { panic("being written") }

// Decode checks values against the action's parameters, fills in defaults and
// binds the action to them.
func (a *Action) Decode(values map[string]any) (Bound, error) { panic("being written") }
