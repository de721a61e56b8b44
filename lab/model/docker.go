package model

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Note notes an event of the engine about c, with further attributes in pairs.
func (w *World) Note(c *Container, action string, attributes ...string) {
	w.event(c, action)
	last := &w.Events[len(w.Events)-1]
	for i := 0; i+1 < len(attributes); i += 2 {
		last.Attributes[attributes[i]] = attributes[i+1]
	}
}

// Began is when the lab began.
func (w *World) Began() time.Time { return w.began }

// NewID is an ID of the engine's form for something of that name that is made
// now.
func (w *World) NewID(name string) string { return w.hexID(name + w.Now.String()) }

// ID is the ID of something of the engine that has been there from the start.
func (w *World) ID(name string) string { return w.hexID(name) }

// UsedCPU is the processor time that c used since its start, without steps: what
// it used in the last whole second is spread over this one.
func (w *World) UsedCPU(c *Container) time.Duration {
	missing := 1 - w.Now.Sub(w.stepped).Seconds()/step.Seconds()
	return max(0, c.CPUTime-time.Duration(missing*c.CPU*float64(step)))
}

// ThrottledPeriods are the periods of a tenth of a second in which c was
// throttled.
func (c *Container) ThrottledPeriods() uint64 { return uint64(c.throttledPeriods) }

// Add puts in a container that was made and not started.
func (w *World) Add(c *Container) {
	c.State, c.Created = Created, w.Now
	w.Containers = append(w.Containers, c)
	w.sortContainers()
	w.event(c, "create")
}

// Rename gives c another name.
func (w *World) Rename(c *Container, name string) {
	old := c.Name
	c.Name = name
	w.sortContainers()
	w.Note(c, "rename", "oldName", "/"+old)
}

func (w *World) sortContainers() {
	slices.SortFunc(w.Containers, func(a, b *Container) int { return strings.Compare(a.Name, b.Name) })
}

// RemoveImage takes an image out and frees its bytes of the disk. It returns
// them.
func (w *World) RemoveImage(image *Image) float64 {
	if !slices.Contains(w.Images, image) {
		return 0
	}
	w.Images = slices.DeleteFunc(w.Images, func(i *Image) bool { return i == image })
	size := float64(image.Size)
	if len(image.Tags) == 0 {
		size = math.Min(size, w.Disk.Unused)
		w.Disk.Unused -= size
	}
	w.Disk.UsedBytes -= size
	w.Record("image", "delete", image.ID, map[string]string{"name": image.ID})
	return size
}

// BuildCache are the bytes that nothing uses and that are no images.
func (w *World) BuildCache() float64 {
	left := w.Disk.Unused
	for _, i := range w.Images {
		if len(i.Tags) == 0 {
			left -= float64(i.Size)
		}
	}
	return math.Max(0, left)
}

// DropBuildCache frees them. It returns how many they were.
func (w *World) DropBuildCache() float64 {
	freed := w.BuildCache()
	w.Disk.Unused, w.Disk.UsedBytes = w.Disk.Unused-freed, w.Disk.UsedBytes-freed
	return freed
}
