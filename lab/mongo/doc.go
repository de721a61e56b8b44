// Package mongo is a MongoDB server of a lab: it speaks the wire protocol of
// MongoDB 7.0 over the databases of the model, whose indexes, long operations
// and users are those that its clients see.
//
// What a command costs is the model's to say: every operation lasts, in the
// lab's time, as long as the documents and keys that it examined make it, and
// longer beside an operation that does not end.
package mongo
