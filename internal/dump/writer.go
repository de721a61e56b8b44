package dump

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"runbook/engine/file"
)

// ErrExists is why no dump is written over what is there.
var ErrExists = errors.New("it exists already")

// Writer writes a dump beside its place and puts it there when it is whole.
type Writer struct {
	to, temporary string
	manifest      Manifest
}

// Create begins a dump that will be the directory to, with what m tells of it.
// The directories above it are made. Directories are for their owner only, as
// are files. The error is or wraps ErrExists if there is anything at to.
func Create(to string, m Manifest) (*Writer, error) {
	to = filepath.Clean(to)
	if err := Free(to); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the dump: %w", err)
	}
	temporary := temporaryOf(to, m.Run)
	if err := os.RemoveAll(temporary); err != nil {
		return nil, fmt.Errorf("remove what an earlier attempt of this run left: %w", err)
	}
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for the dump: %w", err)
	}
	m.Format = format
	return &Writer{to: to, temporary: temporary, manifest: m}, nil
}

// temporaryOf is where a run writes a dump before it is whole. It has the run
// in its name, so that a run that goes on after a crash finds what it left.
func temporaryOf(to, run string) string {
	return filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".partial-"+filepath.Base(run))
}

// Free says whether a dump may be written to a path: nil, or an error that is
// ErrExists.
func Free(to string) error {
	switch _, err := os.Lstat(to); {
	case err == nil:
		return fmt.Errorf("%s: %w", to, ErrExists)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return fmt.Errorf("look at %s: %w", to, err)
	}
}

// Documents writes the documents of a collection. fill writes them as BSON, one
// behind the other, and returns how many.
func (w *Writer) Documents(collection string, fill func(io.Writer) (int, error)) error {
	return w.add(fileName(w.manifest.Database, collection, ".bson.gz"), collection, func(out io.Writer, f *File) error {
		n, err := fill(out)
		f.Documents = &n
		return err
	})
}

// Metadata writes what mongorestore makes a collection of: its indexes, as JSON.
func (w *Writer) Metadata(collection string, text []byte) error {
	return w.add(fileName(w.manifest.Database, collection, ".metadata.json.gz"), collection, func(out io.Writer, _ *File) error {
		_, err := out.Write(text)
		return err
	})
}

// Tar writes the tar of an archive of files. fill writes it and returns how many
// entries it has.
func (w *Writer) Tar(fill func(io.Writer) (int, error)) error {
	return w.add(FilesName, "", func(out io.Writer, f *File) error {
		n, err := fill(out)
		f.Entries = &n
		return err
	})
}

// fileName is the path of a collection's file. Names that file systems do not
// take are escaped as mongodump does it: in hexadecimal, behind a per cent sign.
func fileName(database, collection, ending string) string {
	escaped := ""
	for _, c := range []byte(collection) {
		if c < ' ' || c > '~' || c == '/' || c == '\\' || c == '%' || c == ':' || c == '*' || c == '?' || c == '"' || c == '<' || c == '>' || c == '|' {
			escaped += fmt.Sprintf("%%%02X", c)
			continue
		}
		escaped += string(rune(c))
	}
	return path.Join(database, escaped+ending)
}

func (w *Writer) add(name, collection string, fill func(io.Writer, *File) error) (err error) {
	full := filepath.Join(w.temporary, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return fmt.Errorf("make a directory of the dump: %w", err)
	}
	file, err := os.OpenFile(full, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make a file of the dump: %w", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close a file of the dump: %w", closeErr)
		}
	}()
	sum := &summed{to: file, hash: sha256.New()}
	zipped := gzip.NewWriter(sum)
	written := File{Path: name, Collection: collection}
	if err := fill(zipped, &written); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return fmt.Errorf("write a file of the dump: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync a file of the dump: %w", err)
	}
	written.Bytes, written.SHA256 = sum.bytes, hex.EncodeToString(sum.hash.Sum(nil))
	w.manifest.Files = append(w.manifest.Files, written)
	return nil
}

// summed counts and hashes what goes to a file.
type summed struct {
	to    io.Writer
	hash  hash.Hash
	bytes int64
}

func (s *summed) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.hash.Write(p[:n])
	s.bytes += int64(n)
	return n, err
}

// Finish writes the manifest and puts the dump in its place, where it is whole
// or not at all, also after a power failure. Without an error it is there.
func (w *Writer) Finish() (Manifest, error) {
	text, err := json.MarshalIndent(w.manifest, "", "  ")
	if err != nil {
		return Manifest{}, fmt.Errorf("encode the manifest: %w", err)
	}
	if err := writeSynced(filepath.Join(w.temporary, ManifestName), append(text, '\n')); err != nil {
		return Manifest{}, err
	}
	for _, dir := range []string{filepath.Join(w.temporary, w.manifest.Database), w.temporary} {
		if err := file.SyncDirectory(dir); err != nil {
			return Manifest{}, err
		}
	}
	if err := Free(w.to); err != nil {
		return Manifest{}, err
	}
	if err := os.Rename(w.temporary, w.to); err != nil {
		return Manifest{}, fmt.Errorf("put the dump in its place: %w", err)
	}
	return w.manifest, file.SyncDirectory(filepath.Dir(w.to))
}

// Discard takes back what was written; after Finish it does nothing.
func (w *Writer) Discard() error {
	if err := os.RemoveAll(w.temporary); err != nil {
		return fmt.Errorf("remove the unfinished dump: %w", err)
	}
	return nil
}

func writeSynced(name string, text []byte) (err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the manifest: %w", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close the manifest: %w", closeErr)
		}
	}()
	if _, err := file.Write(text); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync the manifest: %w", err)
	}
	return nil
}
