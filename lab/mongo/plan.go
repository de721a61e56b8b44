package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
)

// stage writes a stage and those below it.
func (t tree) stage(p document.Plan) bson.D {
	d := bson.D{{Key: "stage", Value: p.Stage}}
	if t.executed {
		d = append(d, t.figures(p)...)
	}
	switch p.Stage {
	case "IXSCAN":
		d = append(d, t.index(p)...)
	case "IDHACK":
		d = append(d, bson.E{Key: "indexName", Value: "_id_"})
	case "COLLSCAN":
		d = append(d, bson.E{Key: "direction", Value: p.Direction})
	case "SORT":
		d = append(d, bson.E{Key: "sortPattern", Value: p.Sort}, bson.E{Key: "memLimit", Value: int32(100 << 20)})
		if p.Limit > 0 {
			d = append(d, bson.E{Key: "limitAmount", Value: p.Limit})
		}
		d = append(d, bson.E{Key: "type", Value: "simple"})
	case "LIMIT":
		d = append(d, bson.E{Key: "limitAmount", Value: p.Limit})
	case "SKIP":
		d = append(d, bson.E{Key: "skipAmount", Value: p.Limit})
	}
	if p.Input != nil {
		d = append(d, bson.E{Key: "inputStage", Value: t.stage(*p.Input)})
	}
	return d
}

// index writes the index that a stage scans.
func (t tree) index(p document.Plan) bson.D {
	var i document.Index
	if t.collection != nil {
		for _, known := range t.collection.Indexes() {
			if known.Name == p.Index {
				i = known
			}
		}
	}
	return bson.D{
		{Key: "keyPattern", Value: p.Keys}, {Key: "indexName", Value: p.Index}, {Key: "isMultiKey", Value: false},
		{Key: "isUnique", Value: i.Unique}, {Key: "isSparse", Value: false}, {Key: "isPartial", Value: false}, {Key: "indexVersion", Value: int32(2)},
		{Key: "direction", Value: p.Direction}, {Key: "indexBounds", Value: p.Bounds},
	}
}

// figures are what a stage did.
func (t tree) figures(p document.Plan) bson.D {
	returned := int32(p.Returned)
	looked := int32(max(p.KeysExamined, p.DocsExamined, p.Returned))
	d := bson.D{
		{Key: "nReturned", Value: returned}, {Key: "executionTimeMillisEstimate", Value: int32(t.world.Mongo.QueryTime(p) / time.Millisecond)},
		{Key: "works", Value: looked + 1}, {Key: "advanced", Value: returned}, {Key: "needTime", Value: max(looked-returned, 0)},
	}
	switch p.Stage {
	case "IXSCAN", "IDHACK":
		d = append(d, bson.E{Key: "keysExamined", Value: int32(p.KeysExamined)})
	}
	switch p.Stage {
	case "FETCH", "COLLSCAN", "IDHACK":
		examined := p.DocsExamined
		if p.Stage == "FETCH" && p.Input != nil {
			examined -= p.Input.DocsExamined
		}
		d = append(d, bson.E{Key: "docsExamined", Value: int32(examined)})
	}
	return d
}
