package docker

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"runbook/engine/action"
	"runbook/engine/file"
)

// Artifact is a new file of this machine that an action writes: it is whole in its place,
// or not there at all.
type Artifact struct {
	path string
	call action.Call
}

// NewArtifact is the file at a path where there is none yet. Nothing is made.
func NewArtifact(call action.Call, path string) (*Artifact, error) {
	if err := call.Confine.File("writing to", path); err != nil {
		return nil, err
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, action.ParamError("to", "%v", err)
	}
	a := &Artifact{path: whole, call: call}
	if _, err := os.Lstat(whole); err == nil {
		return nil, a.failure("there is a file already, and none is overwritten", nil, "name another one: ${{ run.id }} is another in each run")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, a.failure(file.Reason(err).Error(), err, "ls -ld "+action.Quote(filepath.Dir(whole)))
	}
	return a, nil
}

// Path is the whole path.
func (a *Artifact) Path() string { return a.path }

// Object is the file as people are shown it before it is made.
func (a *Artifact) Object() action.Object { return action.Object{Kind: "file", Name: a.path} }

func (a *Artifact) failure(what string, err error, do string) error {
	return &action.Failure{
		Applied: action.AppliedNot, Final: true, What: what, Where: a.path, Tried: "to make it, for " + a.call.Target.Name, Err: err, Do: []string{do},
	}
}

// Write makes the file of what fill writes. Of a failure of fill nothing is left.
func (a *Artifact) Write(fill func(io.Writer) error) (size int64, sum string, err error) {
	dir := filepath.Dir(a.path)
	local := func(err error) error {
		return a.failure(file.Reason(err).Error(), err, "df -h "+action.Quote(dir)+"; ls -ld "+action.Quote(dir))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, "", local(err)
	}
	part, err := os.CreateTemp(dir, "."+filepath.Base(a.path)+"-*")
	if err != nil {
		return 0, "", local(err)
	}
	defer func() {
		_ = part.Close() // it was closed where all went well
		_ = os.Remove(part.Name())
	}()
	hash := sha256.New()
	to := &counted{to: io.MultiWriter(part, hash)}
	if err := fill(to); err != nil {
		if to.err != nil {
			return 0, "", local(to.err)
		}
		return 0, "", action.NotApplied(err)
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return 0, "", local(err)
	}
	if err := os.Link(part.Name(), a.path); err != nil { // unlike a rename it overwrites nothing
		return 0, "", local(err)
	}
	return to.size, fmt.Sprintf("%x", hash.Sum(nil)), nil
}

// counted counts what is written, and keeps the error of the file from that of its source.
type counted struct {
	to   io.Writer
	size int64
	err  error
}

// Write counts what was taken.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.size += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}
