package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// roomLeft is what a file that is kept leaves of the disk to the journal, in bytes.
const roomLeft = 16 << 20

// Keep writes a text to a file of its own beside the journal, which only its user can
// read, and returns its path when it is on disk. A file of that name is left as it is:
// the text has another name then.
func (w *Writer) Keep(name string, text []byte) (string, error) {
	if err := w.Reserve(int64(len(text)) + roomLeft); err != nil {
		return "", err
	}
	dir := strings.TrimSuffix(w.Path(), suffix) + ".kept"
	if err := makeDir(dir); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = fmt.Sprintf("%s-%d", path, n)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(text)
		if err == nil {
			err = f.Sync()
		}
		if err == nil {
			err = syncDir(dir)
		}
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = os.Remove(path) // a part would be taken for the whole
			return "", err
		}
		return path, nil
	}
}
