package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/model"
)

func (c *call) dbStats() (bson.D, error) {
	scale := max(c.number("scale", 1), 1)
	var s size
	var used, whole float64
	err := c.on(func(w *model.World) error {
		if d, ok := w.Mongo.Databases[c.database()]; ok {
			s = sizeOf(d)
		}
		used, whole = w.Disk.UsedBytes, w.Disk.TotalBytes
		return nil
	})
	mean := 0.0
	if s.objects > 0 {
		mean = float64(s.data) / float64(s.objects)
	}
	scaled := func(n int64) float64 { return float64(n / scale) }
	return bson.D{
		{Key: "db", Value: c.database()}, {Key: "collections", Value: int64(s.collections)}, {Key: "views", Value: int64(0)}, {Key: "objects", Value: s.objects},
		{Key: "avgObjSize", Value: mean}, {Key: "dataSize", Value: scaled(s.data)}, {Key: "storageSize", Value: scaled(s.disk)}, {Key: "indexes", Value: int64(s.indexes)},
		{Key: "indexSize", Value: scaled(s.indexed)}, {Key: "totalSize", Value: scaled(s.onDisk())}, {Key: "scaleFactor", Value: scale},
		{Key: "fsUsedSize", Value: used / float64(scale)}, {Key: "fsTotalSize", Value: whole / float64(scale)},
	}, err
}

func (c *call) collStats() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	scale := max(c.number("scale", 1), 1)
	reply := bson.D{{Key: "ns", Value: c.namespace(name)}}
	err = c.on(func(w *model.World) error {
		col := lookup(w, c.database(), name)
		if col == nil {
			reply = append(reply, bson.D{
				{Key: "size", Value: int32(0)}, {Key: "count", Value: int32(0)}, {Key: "numOrphanDocs", Value: int32(0)}, {Key: "storageSize", Value: int32(0)}, {Key: "totalSize", Value: int32(0)},
				{Key: "nindexes", Value: int32(0)}, {Key: "totalIndexSize", Value: int32(0)}, {Key: "indexDetails", Value: bson.D{}}, {Key: "indexSizes", Value: bson.D{}}, {Key: "scaleFactor", Value: int32(scale)},
			}...)
			return nil
		}
		reply = append(reply, storageOf(col, scale)...)
		return nil
	})
	return reply, err
}

// storageOf is what a collection takes.
func storageOf(col *document.Collection, scale int64) bson.D {
	var s size
	s.add(col)
	sizes := bson.D{}
	for _, i := range col.Indexes() {
		sizes = append(sizes, bson.E{Key: i.Name, Value: int32(indexSize(col, i) / scale)})
	}
	d := bson.D{{Key: "size", Value: int32(s.data / scale)}, {Key: "count", Value: int32(s.objects)}}
	if s.objects > 0 {
		d = append(d, bson.E{Key: "avgObjSize", Value: int32(s.data / s.objects)})
	}
	return append(d, bson.D{
		{Key: "numOrphanDocs", Value: int32(0)}, {Key: "storageSize", Value: int32(s.disk / scale)}, {Key: "freeStorageSize", Value: int32(0)}, {Key: "capped", Value: false},
		{Key: "nindexes", Value: int32(s.indexes)}, {Key: "indexBuilds", Value: bson.A{}}, {Key: "totalIndexSize", Value: int32(s.indexed / scale)},
		{Key: "totalSize", Value: int32(s.onDisk() / scale)}, {Key: "indexSizes", Value: sizes}, {Key: "scaleFactor", Value: int32(scale)},
	}...)
}
