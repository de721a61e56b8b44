//go:build !linux

package main

import "runtime/debug"

// mapPages takes size bytes from the Go heap and touches every page, so that
// the memory is resident.
func mapPages(size int) ([]byte, error) {
	pages := make([]byte, size)
	touch(pages)
	return pages, nil
}

// unmapPages leaves the pages to the collector; releaseFreed returns them.
func unmapPages([]byte) error { return nil }

// releaseFreed collects, and gives what is free back to the system at once.
func releaseFreed() { debug.FreeOSMemory() }
