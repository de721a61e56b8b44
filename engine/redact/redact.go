// Package redact keeps secrets out of whatever is written: the journal, the
// terminal, logs and reports. It knows each secret as it is and as JSON, URLs
// and base64 spell it, and puts "(secret NAME)" in its place.
package redact

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"runbook/engine/schema"
)

// MinLength is the length in bytes from which a secret is looked for inside
// text. A shorter one would be found in words that it has nothing to do with.
const MinLength = 8

// Redactor replaces the secrets that it knows. A nil Redactor knows none. It
// may be used from many goroutines.
type Redactor struct {
	mu      sync.Mutex // of Add
	secrets []schema.Secret
	match   atomic.Pointer[matcher] // nil: no secret
}

// New returns a redactor of secrets. Those shorter than MinLength are left out.
func New(secrets ...schema.Secret) *Redactor {
	r := &Redactor{}
	r.Add(secrets...)
	return r
}

// Add makes the redactor know more secrets, from the next write on.
func (r *Redactor) Add(secrets ...schema.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.secrets)
	for _, s := range secrets {
		if len(s.Reveal()) >= MinLength && !slices.Contains(r.secrets, s) {
			r.secrets = append(r.secrets, s)
		}
	}
	if len(r.secrets) > before {
		r.match.Store(newMatcher(r.secrets))
	}
}

func (r *Redactor) matcher() *matcher {
	if r == nil {
		return nil
	}
	return r.match.Load()
}

// Active reports whether there is a secret to look for.
func (r *Redactor) Active() bool { return r.matcher() != nil }

// Bytes returns b without the secrets: b itself if there is none in it.
func (r *Redactor) Bytes(b []byte) []byte {
	m := r.matcher()
	if m == nil {
		return b
	}
	if out, ok := m.clean(b); ok {
		return out
	}
	return b
}

// String returns s without the secrets.
func (r *Redactor) String(s string) string {
	if !r.Active() {
		return s
	}
	return string(r.Bytes([]byte(s)))
}

// shown is what stands in place of a secret. A name comes from a file and may
// hold anything; what would break a line or a JSON string is left out.
func shown(name string) string {
	clean := strings.Map(func(c rune) rune {
		if c < ' ' || c == '"' || c == '\\' || c == 0x7f || c == '\ufffd' {
			return -1
		}
		return c
	}, name)
	return "(secret " + clean + ")"
}
