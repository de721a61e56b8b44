package yaml

import (
	"crypto/sha256"
	"encoding/hex"
)

// Source is the text of a file.
type Source struct {
	Name     string // as the user gave it
	Text     []byte
	Embedded bool // it is a part of the binary
}

// SHA256 returns the digest of the text, in hexadecimal.
func (s *Source) SHA256() string {
	sum := sha256.Sum256(s.Text)
	return hex.EncodeToString(sum[:])
}
