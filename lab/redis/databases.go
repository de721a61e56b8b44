package redis

import "time"

// keyCount is how many keys a database has.
type keyCount struct {
	number, keys, expires int
	ttl                   time.Duration // mean of those that expire
}

// databases are those that have keys.
func (s *Server) databases() []keyCount {
	var all []keyCount
	for n := range s.settings.number("databases") {
		db := s.data.DB(n)
		count := keyCount{number: n}
		for _, key := range db.Keys() {
			count.keys++
			if ttl := db.TTL(key); ttl > 0 {
				count.expires++
				count.ttl += ttl
			}
		}
		if count.expires > 0 {
			count.ttl /= time.Duration(count.expires)
		}
		if count.keys > 0 {
			all = append(all, count)
		}
	}
	return all
}
