package docker

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/model"
)

// folders are those of every container.
var folders = []string{"/", "/app", "/data", "/etc", "/tmp", "/usr", "/usr/bin", "/var"}

// files are those of a container: of its image, and what was copied into it.
func files(c *model.Container) map[string]string {
	all := map[string]string{"/etc/hostname": shortID(c.ID) + "\n", "/etc/hosts": "127.0.0.1\tlocalhost\n"}
	for name, text := range c.Files {
		all[name] = text
	}
	return all
}

// isFolder says whether a path is a folder of a container.
func isFolder(c *model.Container, at string) bool {
	if slices.Contains(folders, at) || slices.ContainsFunc(c.Mounts, func(m model.Mount) bool { return m.Target == at }) {
		return true
	}
	for name := range c.Files {
		if strings.HasPrefix(name, at+"/") {
			return true
		}
	}
	return false
}

// statPath answers for what is at a path.
func statPath(w *model.World, c *model.Container, at string) (container.PathStat, error) {
	stat := container.PathStat{Name: path.Base(at), Mtime: w.Began()}
	text, is := files(c)[at]
	switch {
	case is:
		stat.Size, stat.Mode = int64(len(text)), 0o644
	case isFolder(c, at):
		stat.Size, stat.Mode = 4096, fs.ModeDir|0o755
	default:
		return stat, failure{http.StatusNotFound, "Could not find the file " + at + " in container " + c.ID}
	}
	return stat, nil
}

// archive answers docker cp: what there is, what comes out, what goes in.
func (s *Server) archive(w http.ResponseWriter, r *http.Request) error {
	at := path.Clean("/" + r.FormValue("path"))
	if r.Method == http.MethodPut {
		return s.unpack(w, r, at)
	}
	var stat container.PathStat
	all := map[string]string{}
	if err := s.look(r, func(world *model.World, c *model.Container) (err error) {
		stat, err = statPath(world, c, at)
		for name, text := range files(c) {
			if name == at || strings.HasPrefix(name, strings.TrimSuffix(at, "/")+"/") {
				all[strings.TrimPrefix(name, path.Dir(at))] = text
			}
		}
		return err
	}); err != nil {
		return err
	}
	if err := s.take(r, 20*time.Millisecond); err != nil {
		return err
	}
	text, err := json.Marshal(stat)
	if err != nil {
		return err
	}
	w.Header().Set("X-Docker-Container-Path-Stat", base64.StdEncoding.EncodeToString(text))
	if r.Method == http.MethodHead {
		return nil
	}
	w.Header().Set("Content-Type", "application/x-tar")
	return sendTar(w, all, stat.Mtime)
}

func sendTar(to io.Writer, all map[string]string, at time.Time) error {
	out := tar.NewWriter(to)
	for name, text := range all {
		if err := out.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: 0o644, Size: int64(len(text)), ModTime: at}); err != nil {
			return errGone
		}
		if _, err := io.WriteString(out, text); err != nil {
			return errGone
		}
	}
	return out.Close()
}

// mostCopied bounds what is kept of what is copied into a container.
const mostCopied = 8 << 20

func (s *Server) unpack(w http.ResponseWriter, r *http.Request, at string) error {
	in := tar.NewReader(io.LimitReader(r.Body, mostCopied))
	copied := map[string]string{}
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return failure{http.StatusBadRequest, "Error processing tar file: " + err.Error()}
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return failure{http.StatusInternalServerError, "Error processing tar file: " + err.Error()}
		}
		if h.Typeflag == tar.TypeReg {
			copied[path.Join(at, h.Name)] = string(text)
		}
	}
	if err := s.change(r, func(world *model.World, c *model.Container) error {
		if !isFolder(c, at) {
			return failure{http.StatusNotFound, "Could not find the file " + at + " in container " + c.ID}
		}
		if c.Files == nil {
			c.Files = map[string]string{}
		}
		for name, text := range copied {
			c.Files[name] = text
			c.Written += float64(len(text))
		}
		world.Note(c, "extract-to-dir")
		return nil
	}); err != nil {
		return err
	}
	if err := s.insist(r, 30*time.Millisecond); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
