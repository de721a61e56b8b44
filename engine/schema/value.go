package schema

import (
	"fmt"
	"log/slog"
)

// Size is a number of bytes. It prints as 2GiB and compares as an integer.
type Size int64

// Unknown is a value that a dry run cannot know. It is never equal to
// anything, and what is computed from it is unknown too.
type Unknown struct {
	After string // address of the step after which the value is known; "" for the end
	Why   string // "" for After, else the reason: "offline", "memory failed", "cut"
	Now   any    // the present value, for information only; nil where none was read
}

// String says when the value will be known.
func (u Unknown) String() string {
	if u.Why != "" {
		return "unknown, " + u.Why
	}
	if u.After == "" {
		return "unknown, known at the end"
	}
	return "unknown, known after " + u.After
}

// Secret is a text that is used but never shown: every way of printing or
// encoding it gives its name in its place.
type Secret struct {
	name, value string
	form        string // of one that is not read yet and is more than one secret whole
}

// NewSecret returns the secret value under the name by which it is shown.
func NewSecret(name, value string) Secret { return Secret{name: name, value: value} }

// SecretOf returns the secret, not read yet, whose text will be form with the texts of
// secrets in it.
func SecretOf(name, form string) Secret { return Secret{name: name, form: form} }

// Form returns the text that a secret which is not read yet will be made of; "" of
// what is one secret whole.
func (s Secret) Form() string { return s.form }

// Name returns the name by which the secret is shown.
func (s Secret) Name() string { return s.name }

// Reveal returns the secret text. Only what sends it to a target calls this.
func (s Secret) Reveal() string { return s.value }

// String returns "(secret name)".
func (s Secret) String() string { return "(secret " + s.name + ")" }

// GoString returns the same as String.
func (s Secret) GoString() string { return s.String() }

// Format prints the name for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText encodes the name, so that no encoder sees the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue logs the name.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// HoldsSecret reports whether v is, or holds at any depth, a Secret.
func HoldsSecret(v any) bool {
	_, names := Revealed(v, nil)
	return len(names) > 0
}

// Revealed returns v with the texts of its secrets, whose names it adds to names.
func Revealed(v any, names []string) (any, []string) {
	if s, ok := v.(Secret); ok {
		return s.value, append(names, s.name)
	}
	v = Mapped(v, func(x any) any {
		x, names = Revealed(x, names)
		return x
	})
	return v, names
}

// Text is a parameter that takes plain text or a secret: the value of a
// header, of an environment variable.
type Text struct {
	plain  string
	secret *Secret
}

// NewText returns plain text.
func NewText(s string) Text { return Text{plain: s} }

// SecretText returns a Text that holds a secret.
func SecretText(s Secret) Text { return Text{secret: &s} }

// Reveal returns the text to send.
func (t Text) Reveal() string {
	if t.secret != nil {
		return t.secret.value
	}
	return t.plain
}

// String returns the text, or the name of the secret.
func (t Text) String() string {
	if t.secret != nil {
		return t.secret.String()
	}
	return t.plain
}

// IsSecret reports whether it is a secret.
func (t Text) IsSecret() bool { return t.secret != nil }

// MarshalText encodes what String returns.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Condition is the value of a parameter that is an expression: whether it
// holds, and its source. Explanation has the value of each part.
type Condition struct {
	Source      string
	Holds       bool
	Error       string // why it could not be evaluated; "" if it was
	Explanation any    // of the evaluator's type; shown by reports
}
