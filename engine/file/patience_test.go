package file

import (
	"os"
	"testing"
)

// What is opened and then waits for bytes, as /proc/kmsg does, which says that it is a
// regular file, is given up: before its first byte and after some.
func TestNothingIsWaitedFor(t *testing.T) {
	for _, before := range []string{"", "some"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		if _, err := w.WriteString(before); err != nil {
			t.Fatal(err)
		}
		text, err := content(r, "kmsg", 100)
		if !Irregular(err) || err.Error() != "read kmsg: it has no end, and is no file" || string(text) != before {
			t.Errorf("after %q: %q, %v", before, text, err)
		}
	}
}
