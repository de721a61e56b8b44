package yaml

import (
	"errors"

	"runbook/engine/file"
)

// Load reads a source from a regular file. One that is too large is returned in part:
// what reads it says so at its place.
func Load(path string) (*Source, error) {
	text, err := file.Read(path, maxSize)
	if err != nil && !errors.Is(err, file.ErrTooLarge) {
		return nil, err
	}
	return &Source{Name: path, Text: text}, nil
}
