package dump

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// write makes a dump of two collections, of three documents and of none.
func write(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "backups", "one")
	w, err := Create(to, Manifest{Kind: "mongo", Database: "m", Created: time.Unix(1, 0).UTC(), Run: "run1"})
	if err != nil {
		t.Fatal(err)
	}
	for collection, n := range map[string]int{"tasks": 3, "odd/name": 0} {
		err := w.Documents(collection, func(out io.Writer) (int, error) {
			for i := range n {
				doc, err := bson.Marshal(bson.D{{Key: "_id", Value: i}, {Key: "text", Value: strings.Repeat("x", 100_000)}})
				if err != nil {
					return i, err
				}
				if _, err := out.Write(doc); err != nil {
					return i, err
				}
			}
			return n, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Metadata(collection, []byte(`{"indexes":[]}`)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is in its place before it is whole: %v", err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return to
}

func verified(path string) (Manifest, error) {
	return Verify(context.Background(), path, func(File) {})
}

func TestADumpIsWholeAndForItsOwner(t *testing.T) {
	to := write(t)
	m, err := verified(to)
	if err != nil || m.Documents() != 3 || len(m.Files) != 4 || m.Counts()["tasks"] != 3 || m.Counts()["odd/name"] != 0 || m.Run != "run1" {
		t.Errorf("%+v, %v", m, err)
	}
	var names []string
	err = filepath.WalkDir(filepath.Dir(to), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", name, info.Mode())
		}
		if rel, _ := filepath.Rel(to, name); !entry.IsDir() {
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	want := "m/odd%2Fname.bson.gz m/odd%2Fname.metadata.json.gz m/tasks.bson.gz m/tasks.metadata.json.gz manifest.json"
	if got := strings.Join(names, " "); err != nil || !sameWords(got, want) {
		t.Errorf("files %s, %v", got, err)
	}
	if _, err := Create(to, Manifest{}); !errors.Is(err, ErrExists) {
		t.Errorf("over what is there: %v", err)
	}
}

func sameWords(a, b string) bool {
	words := map[string]int{}
	for _, w := range strings.Fields(a) {
		words[w]++
	}
	for _, w := range strings.Fields(b) {
		words[w]--
	}
	for _, n := range words {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestAnUnfinishedDumpLeavesNothing(t *testing.T) {
	to := filepath.Join(t.TempDir(), "one")
	broken := errors.New("broken")
	for range 2 { // the second finds what a crash of the first left
		w, err := Create(to, Manifest{Database: "m", Run: "run1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Documents("a", func(io.Writer) (int, error) { return 0, broken }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	w, err := Create(to, Manifest{Database: "m", Run: "run1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(to)); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// zipped is a file of a dump with this content.
func zipped(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}

func TestFaultsAreFound(t *testing.T) {
	edit := func(name string, change func([]byte) []byte) func(string) error {
		return func(to string) error {
			full := filepath.Join(to, filepath.FromSlash(name))
			old, err := os.ReadFile(full)
			if err != nil {
				return err
			}
			return os.WriteFile(full, change(old), 0o600)
		}
	}
	replace := func(old, new string) func(string) error {
		return edit(ManifestName, func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) })
	}
	for _, c := range []struct {
		name   string
		damage func(to string) error
		want   string
	}{
		{"nothing there", os.RemoveAll, "there is nothing at this path"},
		{"a file", func(to string) error { return errors.Join(os.RemoveAll(to), os.WriteFile(to, nil, 0o600)) }, "it is no directory"},
		{"no manifest", func(to string) error { return os.Remove(filepath.Join(to, ManifestName)) }, "it has no manifest.json"},
		{"manifest cut", edit(ManifestName, func(b []byte) []byte { return b[:len(b)/2] }), "no JSON of a manifest"},
		{"other format", replace(`"format": 1`, `"format": 2`), "the manifest has the format 2"},
		{"path outside", replace("m/tasks.bson.gz", "../tasks.bson.gz"), "which cannot be"},
		{"absolute path", replace("m/tasks.bson.gz", "/etc/passwd"), "which cannot be"},
		{"no files", edit(ManifestName, func([]byte) []byte { return []byte(`{"format":1}`) }), "names no file"},
		{"file missing", func(to string) error { return os.Remove(filepath.Join(to, "m", "tasks.bson.gz")) }, "m/tasks.bson.gz is missing"},
		{"file cut", edit("m/tasks.bson.gz", func(b []byte) []byte { return b[:len(b)-1] }), "m/tasks.bson.gz has "},
		{"file longer", edit("m/tasks.bson.gz", func(b []byte) []byte { return append(b, 0) }), "m/tasks.bson.gz has "},
		{"bit flipped", edit("m/tasks.bson.gz", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), "m/tasks.bson.gz has another checksum"},
		{"metadata changed", edit("m/tasks.metadata.json.gz", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), "m/tasks.metadata.json.gz has another checksum"},
		{"count", replace(`"documents": 3`, `"documents": 4`), "m/tasks.bson.gz has 3 documents, the manifest says 4"},
		{"stranger", func(to string) error {
			return os.WriteFile(filepath.Join(to, "m", "users.bson.gz"), zipped(nil), 0o600)
		}, "m/users.bson.gz is not in the manifest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := write(t)
			if err := c.damage(to); err != nil {
				t.Fatal(err)
			}
			if _, err := verified(to); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestALinkOutOfTheDirectoryIsNotFollowed(t *testing.T) {
	to := write(t)
	file := filepath.Join(to, "m", "tasks.bson.gz")
	outside := filepath.Join(t.TempDir(), "x")
	if err := os.Rename(file, outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, file); err != nil {
		t.Fatal(err)
	}
	if _, err := verified(to); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("%v", err)
	}
}

func TestDocumentsAreRead(t *testing.T) {
	doc, err := bson.Marshal(bson.D{{Key: "a", Value: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		want    string
		n       int
	}{
		{"none", nil, "", 0},
		{"two", append(append([]byte(nil), doc...), doc...), "", 2},
		{"breaks off", doc[:len(doc)-1], "it breaks off in document 1", 0},
		{"length breaks off", append(append([]byte(nil), doc...), 1, 0), "it breaks off in document 2", 1},
		{"too long", []byte{255, 255, 255, 127}, "says that it has 2147483647 bytes", 0},
		{"too short", []byte{4, 0, 0, 0}, "says that it has 4 bytes", 0},
		{"no BSON", []byte{6, 0, 0, 0, 9, 0}, "document 1 is no BSON", 0},
	} {
		n, err := readContent(bytes.NewReader(zipped(c.content)), true)
		if n != c.n || c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
	}
}
