// Package lab is an embedded staging: a service with its targets, simulated in
// this process, in which faults are real. It starts in a moment and needs
// nothing installed.
//
//	lab.go            starts and ends a lab, and its environment
//	faults.go         injects and heals faults, at the service and at connections
//	clock/            the time of a lab: it flows, or steps from one awaited moment to the next
//	model/            the service in time: one model, which every face shows
//	document/         the documents of its database
//	gate/             in front of each face: counts calls, makes the faults of connections
//	docker/ redis/ mongo/ prometheus/ alertmanager/ service/
//	                  the faces: the protocols of the targets
//	rehearsal/        plays a playbook against a fault, and judges it
//	control/          keeps a lab for other processes, and asks the one that runs
//	container/        runs the app in a real container
//	app/              the same service as a program, for real containers
//
// A remedy reaches the model through a face and changes nothing but the model;
// what is seen of it follows from the model's laws, on every face. A lab has no
// state outside itself, so many run side by side.
package lab
