package journal

import (
	"os"
	"sync/atomic"
)

// Opened counts the journals that s opens to read them.
func (s *State) Opened() *atomic.Int64 {
	var n atomic.Int64
	s.open = func(path string) (*os.File, error) {
		n.Add(1)
		return os.Open(path)
	}
	return &n
}

// OnNetwork lets s believe that it lies on a network file system.
func (s *State) OnNetwork(kind string) {
	s.network = func(string) (string, error) { return kind, nil }
}
