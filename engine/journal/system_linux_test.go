package journal

import (
	"maps"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// The number that the system tells of a directory decides, and the file systems over
// a network are among those that are known by it.
func TestNetworkFileSystemsAreKnown(t *testing.T) {
	dir := t.TempDir()
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		t.Fatal(err)
	}
	if kind, err := networkFS(dir); kind != "" || err != nil {
		t.Errorf("%s lies on %q, %v", dir, kind, err)
	}
	networks[uint32(stat.Type)] = "a network"
	defer delete(networks, uint32(stat.Type))
	if kind, err := networkFS(dir); kind != "a network" || err != nil {
		t.Errorf("%s lies on %q, %v", dir, kind, err)
	}
	if kind, err := networkFS(dir + "/none"); kind != "" || err == nil {
		t.Errorf("a directory that is not there lies on %q, %v", kind, err)
	}
	known := slices.Collect(maps.Values(networks))
	for _, want := range []string{"NFS", "SMB", "CIFS", "Ceph"} {
		if !slices.Contains(known, want) {
			t.Errorf("%s is not known", want)
		}
	}
}
