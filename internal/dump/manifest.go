// Package dump is the format of a dump of a database: a directory with a
// gzipped BSON file for each collection, as mongorestore --gzip reads it, and a
// manifest of what is in them; and that of an archive of files, which has a gzipped
// tar instead. It writes dumps so that there is a whole one or none, and verifies
// them.
package dump

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// Files is the kind of an archive of files, and FilesName the tar that holds them.
const (
	Files     = "files"
	FilesName = "files.tar.gz"
)

// ManifestName is the name of the manifest in the directory of a dump.
const ManifestName = "manifest.json"

// format is the version of the manifest that this package writes and reads.
const format = 1

// maxManifest is the largest manifest that is read, in bytes.
const maxManifest = 16 << 20

// Manifest tells what a dump has.
type Manifest struct {
	Format   int       `json:"format"`
	Kind     string    `json:"kind"`     // "mongo", or Files
	Database string    `json:"database"` // "" where it is of none
	Created  time.Time `json:"created"`  // when the first document was read, by the clock of the run
	Run      string    `json:"run"`      // id of the run that made it
	Step     string    `json:"step"`     // address of its step
	Files    []File    `json:"files"`
}

// File is a file of a dump.
type File struct {
	Path       string `json:"path"`              // below the directory, with slashes: mltb/tasks.bson.gz
	Collection string `json:"collection"`        // whose it is
	Documents  *int   `json:"documents"`         // how many are in it; nil where it has none but the collection's indexes
	Entries    *int   `json:"entries,omitempty"` // how many files, directories and links are in it, if it is a tar
	Bytes      int64  `json:"bytes"`
	SHA256     string `json:"sha256"` // of the file as it lies on disk, hexadecimal
}

// Documents is how many documents the dump has.
func (m Manifest) Documents() int {
	n := 0
	for _, f := range m.Files {
		if f.Documents != nil {
			n += *f.Documents
		}
	}
	return n
}

// Entries is how many files, directories and links it has.
func (m Manifest) Entries() int {
	n := 0
	for _, f := range m.Files {
		if f.Entries != nil {
			n += *f.Entries
		}
	}
	return n
}

// Bytes is the size of its files on disk, without the manifest.
func (m Manifest) Bytes() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// Counts is how many documents each collection has.
func (m Manifest) Counts() map[string]int {
	counts := map[string]int{}
	for _, f := range m.Files {
		if f.Documents != nil {
			counts[f.Collection] = *f.Documents
		}
	}
	return counts
}

// readManifest reads a manifest; the error says in a few words what is wrong
// with it.
func readManifest(r io.Reader) (Manifest, error) {
	var m Manifest
	text, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return m, fmt.Errorf("the manifest cannot be read: %w", err)
	}
	if len(text) > maxManifest {
		return m, errors.New("the manifest is too large to be one")
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("the manifest is no JSON of a manifest: %w", err)
	}
	if m.Format != format {
		return m, fmt.Errorf("the manifest has the format %d; this runbook reads %d", m.Format, format)
	}
	if len(m.Files) == 0 {
		return m, errors.New("the manifest names no file")
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if !local(f.Path) || seen[f.Path] {
			return m, fmt.Errorf("the manifest names the file %q, which cannot be", f.Path)
		}
		seen[f.Path] = true
	}
	return m, nil
}

// local reports whether a path of a manifest stays below its directory.
func local(name string) bool {
	return name != "" && name != "." && path.Clean(name) == name && !path.IsAbs(name) && name != ".." &&
		!strings.HasPrefix(name, "../") && !strings.ContainsAny(name, "\\\x00")
}
