package main

import (
	"runtime/debug"
	"sync"
)

const pageSize = 4096

// hoard holds real, touched memory. It is safe for concurrent use.
type hoard struct {
	mu     sync.Mutex
	blocks [][]byte
	bytes  int64
	spare  int64 // asked for, but less than a page so far
}

// grow adds about n bytes, in whole pages; what is left over counts for the
// next call. It writes to every page, with contents that differ from page to
// page so that no two of them can be merged.
func (h *hoard) grow(n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spare += n
	whole := h.spare / pageSize * pageSize
	if whole == 0 {
		return
	}
	block := make([]byte, whole)
	for i := 0; i < len(block); i += pageSize {
		block[i] = byte(i/pageSize) | 1
	}
	h.spare -= whole
	h.blocks = append(h.blocks, block)
	h.bytes += whole
}

// release gives everything back to the system and returns how many bytes that
// were.
func (h *hoard) release() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	freed := h.bytes
	h.blocks, h.bytes, h.spare = nil, 0, 0
	debug.FreeOSMemory()
	return freed
}

// size returns the bytes that are held.
func (h *hoard) size() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bytes
}
