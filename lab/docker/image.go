package docker

import (
	"net/http"
	"slices"
	"strings"

	"runbook/lab/model"
)

// tagged is a name of an image with its tag.
func tagged(name string) string {
	if strings.Contains(name, ":") || strings.Contains(name, "@") {
		return name
	}
	return name + ":latest"
}

// isImage says whether a name, an ID or its beginning is that of i.
func isImage(i *model.Image, name string) bool {
	id := strings.TrimPrefix(i.ID, "sha256:")
	wanted := strings.TrimPrefix(name, "sha256:")
	return slices.Contains(i.Tags, tagged(name)) || wanted != "" && strings.HasPrefix(id, wanted) ||
		len(i.Tags) > 0 && !strings.Contains(name, ":") && strings.HasPrefix(i.Tags[0], name+":")
}

// findImage finds an image by its name, its ID, or the beginning of one; nil for
// none. A name without a tag is that of latest.
func findImage(w *model.World, name string) *model.Image {
	for _, i := range w.Images {
		if slices.Contains(i.Tags, tagged(name)) {
			return i
		}
	}
	wanted := strings.TrimPrefix(name, "sha256:")
	for _, i := range w.Images {
		if len(wanted) >= 4 && strings.HasPrefix(strings.TrimPrefix(i.ID, "sha256:"), wanted) {
			return i
		}
	}
	return nil
}

// digests are the names of an image by its digest.
func digests(i *model.Image) []string {
	if len(i.Tags) == 0 || i.Digest == "" {
		return []string{}
	}
	repository, _, _ := strings.Cut(i.Tags[0], ":")
	return []string{repository + "@" + i.Digest}
}

// users are the containers of an image.
func users(w *model.World, i *model.Image) []*model.Container {
	var all []*model.Container
	for _, c := range w.Containers {
		if c.Image == i {
			all = append(all, c)
		}
	}
	return all
}

func imageRow(w *model.World, i *model.Image, counted bool) map[string]any {
	tags, count, shared := i.Tags, -1, -1
	if len(tags) == 0 {
		tags = []string{"<none>:<none>"}
	}
	if counted {
		count, shared = len(users(w, i)), 0
	}
	return map[string]any{
		"Id": i.ID, "ParentId": "", "RepoTags": slices.Clone(tags), "RepoDigests": digests(i), "Created": i.Created.Unix(), "Size": i.Size,
		"VirtualSize": i.Size, "SharedSize": shared, "Containers": count, "Labels": nil,
	}
}

func images(w *model.World, r *http.Request) (any, error) {
	wanted, err := readFilters(r, "dangling", "label", "before", "since", "reference")
	if err != nil {
		return nil, err
	}
	rows := []map[string]any{}
	for _, i := range w.Images {
		if wanted.any("dangling", func(v string) bool { return truth(v) == (len(i.Tags) == 0) }) &&
			wanted.any("reference", func(v string) bool { return isImage(i, strings.TrimSuffix(v, "*")) }) && wanted.labels(nil) {
			rows = append(rows, imageRow(w, i, false))
		}
	}
	slices.SortStableFunc(rows, func(a, b map[string]any) int { return int(b["Created"].(int64) - a["Created"].(int64)) })
	return rows, nil
}

func truth(text string) bool { return text == "true" || text == "1" }

// image answers docker image inspect.
func image(w *model.World, r *http.Request) (any, error) {
	name, isInspect := strings.CutSuffix(r.PathValue("name"), "/json")
	if !isInspect {
		return nil, failure{http.StatusNotFound, "page not found"}
	}
	i := findImage(w, name)
	if i == nil {
		return nil, failure{http.StatusNotFound, "no such image: " + name + ": No such image: " + tagged(name)}
	}
	return imageDetails(w, i), nil
}

func imageDetails(w *model.World, i *model.Image) map[string]any {
	return map[string]any{
		"Id": i.ID, "RepoTags": append([]string{}, i.Tags...), "RepoDigests": digests(i), "Parent": "", "Comment": "", "Created": stamp(i.Created), "Container": "",
		"DockerVersion": engineVersion, "Author": "", "Architecture": "amd64", "Os": "linux", "Size": i.Size, "VirtualSize": i.Size,
		"Config":      map[string]any{"Env": []string{"PATH=/usr/bin:/bin"}, "Cmd": defaultCommand(w, i), "Entrypoint": nil, "Labels": nil, "User": "", "WorkingDir": ""},
		"GraphDriver": map[string]any{"Name": "overlay2", "Data": nil}, "RootFS": map[string]any{"Type": "layers", "Layers": []string{"sha256:" + w.ID(i.ID+" layer")}},
		"Metadata": map[string]any{"LastTagTime": stamp(i.Created)},
	}
}

// removeImage takes an image out that no container uses.
func removeImage(w *model.World, r *http.Request) (any, error) {
	name := r.PathValue("name")
	i := findImage(w, name)
	if i == nil {
		return nil, failure{http.StatusNotFound, "No such image: " + tagged(name)}
	}
	if tag := tagged(name); len(i.Tags) > 1 && slices.Contains(i.Tags, tag) {
		i.Tags = slices.DeleteFunc(slices.Clone(i.Tags), func(t string) bool { return t == tag })
		w.Record("image", "untag", i.ID, map[string]string{"name": tag})
		return []map[string]string{{"Untagged": tag}}, nil
	}
	if err := inUse(w, i, name); err != nil {
		return nil, err
	}
	rows, _ := removed(w, i)
	return rows, nil
}

// removed takes an image out, and says how the engine tells it and how many bytes
// that frees.
func removed(w *model.World, i *model.Image) (rows []map[string]string, freed float64) {
	for _, tag := range i.Tags {
		rows = append(rows, map[string]string{"Untagged": tag})
	}
	return append(rows, map[string]string{"Deleted": i.ID}), w.RemoveImage(i)
}

// inUse says why an image cannot be removed.
func inUse(w *model.World, i *model.Image, name string) error {
	all := users(w, i)
	if len(all) == 0 {
		return nil
	}
	c, id := all[0], shortID(strings.TrimPrefix(i.ID, "sha256:"))
	if slices.Contains(i.Tags, tagged(name)) {
		return failure{http.StatusConflict, `conflict: unable to remove repository reference "` + name + `" (must force) - container ` + shortID(c.ID) + " is using its referenced image " + id}
	}
	return failure{http.StatusConflict, "conflict: unable to delete " + id + " (cannot be forced) - image is being used by running container " + shortID(c.ID)}
}

// pruneImages removes what no container uses: images without a name, or with
// dangling=false all.
func pruneImages(w *model.World, r *http.Request) (any, error) {
	wanted, err := readFilters(r, "dangling", "label", "label!", "until")
	if err != nil {
		return nil, err
	}
	all := slices.ContainsFunc(wanted["dangling"], func(v string) bool { return !truth(v) })
	var rows []map[string]string
	sum := 0.0
	for _, i := range slices.Clone(w.Images) {
		if len(users(w, i)) > 0 || len(i.Tags) > 0 && !all || !wanted.labels(nil) {
			continue
		}
		gone, freed := removed(w, i)
		rows, sum = append(rows, gone...), sum+freed
	}
	return map[string]any{"ImagesDeleted": rows, "SpaceReclaimed": uint64(sum)}, nil
}

func pruneBuilds(w *model.World, _ *http.Request) (any, error) {
	var ids []string
	freed := w.DropBuildCache()
	if freed > 0 {
		ids = []string{w.ID("build cache")[:25]}
	}
	return map[string]any{"CachesDeleted": ids, "SpaceReclaimed": uint64(freed)}, nil
}
