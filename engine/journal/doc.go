// Package journal turns the facts of a run into a durable file and back, and
// keeps the state directory: the journals of all runs and the locks.
//
// # Format
//
// A run is one append-only file, runs/<RUN>.journal, readable by its user only.
// Each line is a record, one JSON object with these keys in this order:
//
//		{"sequence":12,"time":"2026-11-24T02:13:07.1Z","type":"intent","path":"recover/2","attempt":1,"synced":10,"data":{…},"before":"9f31c07e5a0b44d1","crc":"1c291ca3"}
//
//	  - sequence counts from 1 without a gap.
//	  - time is RFC 3339 in UTC with up to nine decimals.
//	  - type is a type of package event, and data its payload.
//	  - path and attempt are left out where they are empty or 0.
//	  - synced, only in records that are synced before the run goes on, is the
//	    sequence up to which the file was on disk when the record was made.
//	  - before is the first 8 bytes of the SHA-256 of the line before, without its
//	    newline, in hex; zeros in the first record. So the records are a chain.
//	  - crc is the CRC-32C of the line up to here (before `,"crc"`), in hex.
//
// # Durability
//
// One goroutine writes at a time and carries what others appended meanwhile, so
// one sync serves many. A record that needs no sync is written when one that
// does is, at 64 KiB, or after 100 ms: the death of the process loses at most
// that much, and never a record whose Append had to sync. A failed write or
// sync closes the journal for good.
//
// # Reading
//
// A record that was never completely written is a torn tail: its end is missing,
// or whole sectors of it are zero, and no later record says that it was synced.
// A torn tail is cut. Anything else that does not verify is damage, and refused
// with its position.
//
// # Liveness
//
// The process that owns a run holds a lock on its journal. A journal without a
// final record is of a run that is running if the lock is held, and interrupted
// if not.
package journal
