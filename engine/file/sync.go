package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// SyncDirectory makes the names in a directory durable; one that is gone is none of
// ours. Windows has no such thing.
func SyncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the directory %s: %w", path, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("sync the directory %s: %w", path, err)
	}
	return nil
}
