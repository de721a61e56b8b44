package model

import (
	"slices"
	"time"
)

// Declared is what somebody adds to the lab who has a service of another kind: more
// services of Compose, and faults that nothing shows but the stubs that ask for them.
type Declared struct {
	Services []Service
	Faults   []Fault
}

// Service is a service of Compose: its name, the image and the number of its containers.
type Service struct {
	Name, Image string
	Replicas    int
}

// Services are the names of the lab's own services.
func Services() []string {
	var names []string
	for _, c := range (&World{}).newContainers(time.Time{}) {
		if !slices.Contains(names, c.Service) {
			names = append(names, c.Service)
		}
	}
	return names
}

// DeclaredFault is a fault of that name that lasts until it is healed, or until a
// container of the service starts anew; "" is none.
func DeclaredFault(name, summary, service string) Fault {
	cure := "what a stub that heals it stands for"
	if service != "" {
		cure = "a restart of " + service
	}
	return Fault{
		Name: name, Summary: summary, Cure: cure, restart: service,
		lasts:  func(w *World) bool { return w.lasting[name] },
		inject: func(w *World, _ Options) error { w.lasting[name] = true; return nil },
		heal:   func(w *World) { delete(w.lasting, name) },
	}
}

// Declare adds what is declared: its containers have run for as long as the others.
func (w *World) Declare(d Declared) {
	started := w.Now.Add(-upFor)
	for _, s := range d.Services {
		if w.Image(s.Image) == nil {
			w.Images = append(w.Images, &Image{ID: "sha256:" + w.hexID(s.Image), Tags: []string{s.Image}, Size: 150 * MiB, Created: started, Digest: "sha256:" + w.hexID(s.Image+" digest")})
		}
		for n := range max(1, s.Replicas) {
			w.Containers = append(w.Containers, w.newContainer(started, wanted{service: s.Name, image: s.Image, number: n + 1, memory: 512 * MiB, cpus: 1}))
		}
		w.declared.Services = append(w.declared.Services, s)
	}
	w.declared.Faults = append(w.declared.Faults, d.Faults...)
	w.sortContainers()
}

// Declares reports whether a service is none of the lab's own.
func (w *World) Declares(service string) bool {
	return slices.ContainsFunc(w.declared.Services, func(s Service) bool { return s.Name == service })
}

// fault returns the fault of that name, declared or of the lab.
func (w *World) fault(name string) (Fault, bool) {
	if i := slices.IndexFunc(w.declared.Faults, func(f Fault) bool { return f.Name == name }); i >= 0 {
		return w.declared.Faults[i], true
	}
	return Lookup(name)
}

// restarted ends the declared faults that a new process of a service ends.
func (w *World) restarted(service string) {
	for _, f := range w.declared.Faults {
		if f.restart == service {
			f.heal(w)
		}
	}
}

// wanted is a container to be made.
type wanted struct {
	service, image string
	number         int
	memory         int64
	cpus           float64
	port           uint16 // 0 for none
	env            []string
}
