package dump

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/file"
)

// maxDocument is the largest document that a server writes: 16 MiB, and what it
// adds of its own.
const maxDocument = 16<<20 + 16<<10

// ErrNone is why a directory is no dump.
var ErrNone = errors.New("it has no " + ManifestName)

// Open returns the manifest of the dump at a path. The error says in a few words
// why there is none.
func Open(path string) (Manifest, error) {
	root, err := openRoot(path)
	if err != nil {
		return Manifest{}, err
	}
	defer root.Close()
	return manifestIn(root)
}

// Verify reads a whole dump and returns its manifest, as far as it could be
// read, and the first fault: a file that is missing, that the manifest does not
// know, or whose checksum, documents or count are not what the manifest says.
// seen is told of each file. It ends early with ctx's error.
func Verify(ctx context.Context, path string, seen func(File)) (Manifest, error) {
	root, err := openRoot(path)
	if err != nil {
		return Manifest{}, err
	}
	defer root.Close()
	m, err := manifestIn(root)
	if err != nil {
		return m, err
	}
	if err := strangers(root, m); err != nil {
		return m, err
	}
	for _, f := range m.Files {
		if err := verifyFile(ctx, root, f); err != nil {
			return m, err
		}
		seen(f)
	}
	return m, nil
}

func openRoot(path string) (*os.Root, error) {
	info, err := os.Stat(path) // a pipe would be waited for
	if err == nil && !info.IsDir() {
		return nil, errors.New("it is no directory")
	}
	root, err := os.OpenRoot(path)
	switch {
	case err == nil:
		return root, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is nothing at this path")
	}
	return nil, fmt.Errorf("it is no directory that can be read: %w", file.Reason(err))
}

func manifestIn(root *os.Root) (Manifest, error) {
	manifest, err := file.OpenIn(root, ManifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, ErrNone
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("%s cannot be read: %w", ManifestName, file.Reason(err))
	}
	defer manifest.Close()
	return readManifest(manifest)
}

// strangers looks for data that the manifest does not know, and that a restore
// would bring back nevertheless.
func strangers(root *os.Root, m Manifest) error {
	known := map[string]bool{}
	for _, f := range m.Files {
		known[f.Path] = true
	}
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", name, file.Reason(err))
		}
		isData := strings.HasSuffix(name, ".bson") || strings.HasSuffix(name, ".bson.gz") || strings.HasSuffix(name, ".metadata.json") || strings.HasSuffix(name, ".metadata.json.gz")
		if !entry.IsDir() && isData && !known[name] {
			return fmt.Errorf("%s is not in the manifest", name)
		}
		return nil
	})
}

func verifyFile(ctx context.Context, root *os.Root, f File) error {
	data, err := file.OpenIn(root, f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing", f.Path)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", f.Path, file.Reason(err))
	}
	defer data.Close()
	hash := sha256.New()
	counted := &countedReader{from: data, ctx: ctx}
	raw := io.TeeReader(counted, hash)
	documents, entries, decodeErr := readFile(raw, f)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return fmt.Errorf("%s cannot be read: %w", f.Path, file.Reason(err))
	}
	switch {
	case counted.bytes != f.Bytes:
		return fmt.Errorf("%s has %d bytes, the manifest says %d", f.Path, counted.bytes, f.Bytes)
	case !strings.EqualFold(hex.EncodeToString(hash.Sum(nil)), f.SHA256):
		return fmt.Errorf("%s has another checksum than the manifest says", f.Path)
	case decodeErr != nil:
		return fmt.Errorf("%s: %w", f.Path, decodeErr)
	case f.Documents != nil && documents != *f.Documents:
		return fmt.Errorf("%s has %d documents, the manifest says %d", f.Path, documents, *f.Documents)
	case f.Entries != nil && entries != *f.Entries:
		return fmt.Errorf("%s has %d entries, the manifest says %d", f.Path, entries, *f.Entries)
	}
	return nil
}

// countedReader counts what is read, and ends with its context.
type countedReader struct {
	from  io.Reader
	ctx   context.Context
	bytes int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.from.Read(p)
	c.bytes += int64(n)
	return n, err
}

// readFile unpacks a file to its end and counts what is in it.
func readFile(r io.Reader, f File) (documents, entries int, err error) {
	if f.Entries == nil {
		documents, err = readContent(r, f.Documents != nil)
		return documents, 0, err
	}
	zipped, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return 0, 0, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	in := tar.NewReader(zipped)
	for ; ; entries++ {
		if _, err := in.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, entries, fmt.Errorf("it breaks off in entry %d: %w", entries+1, err)
		}
	}
	if _, err := io.Copy(io.Discard, zipped); err != nil {
		return 0, entries, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	return 0, entries, nil
}

// readContent unpacks a file to its end and counts its documents, if it has any.
func readContent(r io.Reader, hasDocuments bool) (int, error) {
	zipped, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return 0, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	if !hasDocuments {
		if _, err := io.Copy(io.Discard, zipped); err != nil {
			return 0, fmt.Errorf("it cannot be unpacked: %w", err)
		}
		return 0, nil
	}
	return countDocuments(zipped)
}

func countDocuments(r io.Reader) (int, error) {
	buffer := make([]byte, 4, 64<<10)
	for n := 0; ; n++ {
		if _, err := io.ReadFull(r, buffer[:4]); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, fmt.Errorf("it breaks off in document %d: %w", n+1, err)
		}
		size := int(binary.LittleEndian.Uint32(buffer))
		if size < 5 || size > maxDocument {
			return n, fmt.Errorf("document %d says that it has %d bytes", n+1, size)
		}
		if size > cap(buffer) {
			buffer = append(make([]byte, 0, size), buffer[:4]...)
		}
		buffer = buffer[:size]
		if _, err := io.ReadFull(r, buffer[4:]); err != nil {
			return n, fmt.Errorf("it breaks off in document %d: %w", n+1, err)
		}
		if err := bson.Raw(buffer).Validate(); err != nil {
			return n, fmt.Errorf("document %d is no BSON: %w", n+1, err)
		}
	}
}
