package main

import "sync"

// cache remembers which keys were looked up. It is safe for concurrent use.
type cache struct {
	mu           sync.Mutex
	keys         map[string]bool
	hits, misses int64
}

// newCache returns a cache in the state of a service that has run for a while:
// warm, with a good hit rate.
func newCache() *cache {
	c := &cache{keys: map[string]bool{}}
	for range 10 {
		for _, key := range []string{"users", "downloads", "tasks", "status", "settings"} {
			c.lookUp(key)
		}
	}
	return c
}

// lookUp counts a hit or a miss for key, and keeps the key after a miss.
func (c *cache) lookUp(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys[key] {
		c.hits++
	} else {
		c.misses++
	}
	c.keys[key] = true
}

// clear forgets every key; the counters stay.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.keys)
}

// hitRate is the share of look-ups that were answered, from 0 to 1.
func (c *cache) hitRate() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(c.hits) / float64(c.hits+c.misses)
}
