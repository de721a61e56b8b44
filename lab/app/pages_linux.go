package main

import (
	"fmt"
	"syscall"
)

// madviseNoHugePage keeps the kernel from backing a mapping with huge pages, so
// that resident memory grows by exactly what was asked for.
const madviseNoHugePage = 15

// mapPages takes size bytes from the system, outside the Go heap, and touches
// every page, so that the memory is resident.
func mapPages(size int) ([]byte, error) {
	pages, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", size, err)
	}
	// A kernel without huge pages refuses the advice and does not need it.
	_ = syscall.Madvise(pages, madviseNoHugePage)
	touch(pages)
	return pages, nil
}

// unmapPages gives the pages back to the system at once.
func unmapPages(pages []byte) error {
	if err := syscall.Munmap(pages); err != nil {
		return fmt.Errorf("unmap %d bytes: %w", len(pages), err)
	}
	return nil
}

// releaseFreed has nothing to do: unmapPages has given the memory back.
func releaseFreed() {}
