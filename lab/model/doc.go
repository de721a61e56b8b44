// Package model is the service of a lab in time: a download service in Docker
// Compose with an app, workers, Redis, MongoDB and two download clients, and
// what can go wrong with it. It knows no protocol. The faces of the lab show it
// (lab/docker, lab/redis, lab/mongo and so on) and carry remedies to it.
//
// A [Model] guards a [World]. The world is the state and its laws: it goes on in
// steps of one second, deterministic for a seed, whenever somebody looks at it,
// so how often anybody looks changes nothing. A fault is a change of a law or of
// the state, never of a symptom: what is seen of it on any face follows.
package model
