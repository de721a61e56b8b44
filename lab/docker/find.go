package docker

import (
	"net/http"
	"strings"

	"runbook/lab/model"
)

// find returns a container as the engine does: by its ID, its name, or the
// beginning of its ID, and never by its service.
func find(w *model.World, reference string) (*model.Container, error) {
	name := strings.TrimPrefix(reference, "/")
	for _, c := range w.Containers {
		if c.ID == reference || c.Name == name {
			return c, nil
		}
	}
	var match *model.Container
	for _, c := range w.Containers {
		if reference != "" && strings.HasPrefix(c.ID, reference) {
			if match != nil {
				return nil, failure{http.StatusBadRequest, "Multiple IDs found with provided prefix: " + reference}
			}
			match = c
		}
	}
	if match == nil {
		return nil, failure{http.StatusNotFound, "No such container: " + reference}
	}
	return match, nil
}

// look reads the container of a request.
func (s *Server) look(r *http.Request, do func(*model.World, *model.Container) error) error {
	return s.visit(s.model.Look, r.PathValue("id"), do)
}

// change changes the container of a request.
func (s *Server) change(r *http.Request, do func(*model.World, *model.Container) error) error {
	return s.visit(s.model.Change, r.PathValue("id"), do)
}

func (s *Server) visit(visit func(func(*model.World)), reference string, do func(*model.World, *model.Container) error) error {
	var err error
	visit(func(w *model.World) {
		var c *model.Container
		if c, err = find(w, reference); err == nil {
			err = do(w, c)
		}
	})
	return err
}

func shortID(id string) string { return id[:min(12, len(id))] }
