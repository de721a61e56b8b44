// Package file reads and changes files of the machine that runs the playbook.
// What it writes is whole or not there: the new content lies beside the old one,
// synced, before it takes its name.
package file

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strconv"
)

// sum is the checksum by which contents are compared.
func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// modeFrom reads what the pattern of a parameter lets pass.
func modeFrom(text string) fs.FileMode {
	n, _ := strconv.ParseUint(text, 8, 32)
	m := fs.FileMode(n) & fs.ModePerm
	for bit, of := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n&bit != 0 {
			m |= of
		}
	}
	return m
}
