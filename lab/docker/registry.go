package docker

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"runbook/lab/model"
)

// pull answers docker pull. The lab has no registry but what is there: that is up to date.
func (s *Server) pull(w http.ResponseWriter, r *http.Request) error {
	name := familiar(r.FormValue("fromImage"))
	if tag := r.FormValue("tag"); tag != "" {
		name += ":" + tag
	}
	var found *model.Image
	s.model.Look(func(world *model.World) { found = findImage(world, name) })
	if err := s.insist(r, 800*time.Millisecond); err != nil {
		return err
	}
	if found == nil {
		repository, _, _ := strings.Cut(name, ":")
		return failure{http.StatusNotFound, "pull access denied for " + repository + ", repository does not exist or may require 'docker login': denied: requested access to the resource is denied"}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := json.NewEncoder(w)
	for _, status := range []string{"Pulling from " + strings.Split(name, ":")[0], "Digest: " + found.Digest, "Status: Image is up to date for " + tagged(name)} {
		if !send(out, map[string]string{"status": status}) {
			return errGone
		}
	}
	return nil
}

// familiar is a name as people write it: clients ask with that of Docker's registry.
func familiar(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/")
}

// tagImage gives an image another name.
func tagImage(w *model.World, r *http.Request) (any, error) {
	name := r.PathValue("name")
	if host := r.PathValue("host"); host != "" { // a name of two parts
		name = host + "/" + name
	}
	i := findImage(w, name)
	if i == nil {
		return nil, failure{http.StatusNotFound, "No such image: " + tagged(name)}
	}
	to := familiar(r.FormValue("repo"))
	if tag := r.FormValue("tag"); tag != "" {
		to += ":" + tag
	}
	nameImage(w, i, to)
	return nil, nil
}

// nameImage gives i a name, and takes it from who had it.
func nameImage(w *model.World, i *model.Image, name string) {
	name = tagged(name)
	for _, o := range w.Images {
		if o != i {
			o.Tags = slices.DeleteFunc(slices.Clone(o.Tags), func(tag string) bool { return tag == name })
		}
	}
	if !slices.Contains(i.Tags, name) {
		i.Tags = append(slices.Clone(i.Tags), name)
	}
	w.Record("image", "tag", i.ID, map[string]string{"name": name})
}

// commit keeps the files of a container as an image.
func (s *Server) commit(w http.ResponseWriter, r *http.Request) error {
	var made *model.Image
	if err := s.visit(s.model.Change, r.FormValue("container"), func(world *model.World, c *model.Container) error {
		name := familiar(r.FormValue("repo"))
		made = &model.Image{ID: "sha256:" + world.NewID("commit "+name), Size: c.Image.Size + int64(c.Written), Created: world.Now}
		world.Images = append(world.Images, made)
		world.Disk.UsedBytes += float64(made.Size)
		if name != "" {
			if tag := r.FormValue("tag"); tag != "" {
				name += ":" + tag
			}
			nameImage(world, made, name)
		}
		world.Note(c, "commit")
		return nil
	}); err != nil {
		return err
	}
	if err := s.insist(r, 400*time.Millisecond); err != nil {
		return err
	}
	reply(w, http.StatusCreated, map[string]string{"Id": made.ID})
	return nil
}

// save answers docker save, with what tells the images and not with their layers.
func (s *Server) save(w http.ResponseWriter, r *http.Request) error {
	all := map[string]string{}
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []entry
	var err error
	s.model.Look(func(world *model.World) {
		for _, name := range r.URL.Query()["names"] {
			i := findImage(world, name)
			if i == nil {
				err = failure{http.StatusNotFound, "reference does not exist: " + name}
				return
			}
			id := strings.TrimPrefix(i.ID, "sha256:")
			manifest = append(manifest, entry{id + ".json", i.Tags, []string{}})
			all[id+".json"] = `{"architecture":"amd64","os":"linux"}`
		}
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	all["manifest.json"] = string(text)
	if err := s.take(r, time.Second); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-tar")
	return sendTar(w, all, s.gate.Clock().Now())
}
