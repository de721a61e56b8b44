package value

import "go.mongodb.org/mongo-driver/v2/bson"

// Size is the number of bytes of a document in BSON.
func Size(d bson.D) int {
	data, err := bson.Marshal(d)
	if err != nil {
		return 0 // Normal lets no value in that has no encoding
	}
	return len(data)
}
