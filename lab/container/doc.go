// Package container runs the lab's app in a real container, on a Docker engine:
// its leaks are real, and so is what restarts and limits do to them.
package container
