// Package docker turns steps into requests to the Docker Engine API: it finds
// containers by name or Compose service, measures them, reads their logs and
// changes their state and limits.
//
// The facts that it relies on are those of the Engine API reference,
// https://docs.docker.com/reference/api/engine/, from version 1.40 on.
package docker
