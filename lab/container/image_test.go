package container

import (
	"strings"
	"testing"
)

func TestProgressError(t *testing.T) {
	for messages, ok := range map[string]bool{
		`{"status":"sha256:1"}`:                      true,
		`{"status":"x"}` + "\n" + `{"error":"full"}`: false,
		`{`: false,
	} {
		if err := progressError(strings.NewReader(messages)); (err == nil) != ok {
			t.Errorf("%s: %v", messages, err)
		}
	}
}
