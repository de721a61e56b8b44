package docker

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/volume"

	"runbook/lab/model"
)

// volumesOf are the volumes of the lab: those that containers have.
func volumesOf(w *model.World) []volume.Volume {
	all := []volume.Volume{}
	for _, c := range w.Containers {
		for _, m := range c.Mounts {
			if m.Type != "volume" || slices.ContainsFunc(all, func(v volume.Volume) bool { return v.Name == m.Name }) {
				continue
			}
			labels := map[string]string{}
			if short, ok := strings.CutPrefix(m.Name, model.Project+"_"); ok {
				labels = map[string]string{"com.docker.compose.project": model.Project, "com.docker.compose.volume": short}
			}
			all = append(all, volume.Volume{
				Name: m.Name, Driver: "local", Mountpoint: m.Source, Scope: "local", Labels: labels, Options: map[string]string{},
				CreatedAt: w.Began().Add(-36 * time.Hour).UTC().Format(time.RFC3339),
			})
		}
	}
	return all
}

func volumes(w *model.World, r *http.Request) (any, error) {
	wanted, err := readFilters(r, "name", "driver", "label", "dangling")
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(volumesOf(w), func(v volume.Volume) bool {
		return !wanted.matches("name", v.Name) || !wanted.labels(v.Labels) ||
			!wanted.any("driver", func(d string) bool { return d == v.Driver }) || !wanted.any("dangling", func(d string) bool { return !truth(d) })
	})
	return map[string]any{"Volumes": all, "Warnings": nil}, nil
}

func volumeDetails(w *model.World, r *http.Request) (any, error) {
	all, name := volumesOf(w), r.PathValue("name")
	i := slices.IndexFunc(all, func(v volume.Volume) bool { return v.Name == name })
	if i < 0 {
		return nil, failure{http.StatusNotFound, "get " + name + ": no such volume"}
	}
	return all[i], nil
}
