package mongo

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
	"runbook/lab/model"
)

// wireVersion is that of MongoDB 7.0.
const wireVersion = 21

func (c *call) now() bson.DateTime {
	return bson.NewDateTimeFromTime(c.server.gate.Clock().Now())
}

// hello greets. It offers no topologyVersion, so that drivers ask again now and
// then, and no request of theirs waits here.
func (c *call) hello() (bson.D, error) {
	if client, err := c.part("client"); err == nil && client != nil {
		c.server.running.mu.Lock()
		c.connection.client = client
		c.server.running.mu.Unlock()
	}
	out := bson.D{}
	if c.truth("helloOk", false) {
		out = append(out, bson.E{Key: "helloOk", Value: true})
	}
	if c.name == "hello" {
		out = append(out, bson.E{Key: "isWritablePrimary", Value: true})
	} else {
		out = append(out, bson.E{Key: "ismaster", Value: true})
	}
	out = append(out,
		bson.E{Key: "maxBsonObjectSize", Value: int32(maxDocument)}, bson.E{Key: "maxMessageSizeBytes", Value: int32(maxMessage)},
		bson.E{Key: "maxWriteBatchSize", Value: int32(100_000)}, bson.E{Key: "localTime", Value: c.now()},
		bson.E{Key: "logicalSessionTimeoutMinutes", Value: int32(30)}, bson.E{Key: "connectionId", Value: c.connection.id},
		bson.E{Key: "minWireVersion", Value: int32(0)}, bson.E{Key: "maxWireVersion", Value: int32(wireVersion)}, bson.E{Key: "readOnly", Value: false},
	)
	if user := c.text("saslSupportedMechs"); user != "" {
		if database, name, _ := strings.Cut(user, "."); c.password(database, name) != "" {
			out = append(out, bson.E{Key: "saslSupportedMechs", Value: bson.A{sha256}})
		}
	}
	if ask, err := c.part("speculativeAuthenticate"); err == nil && ask != nil {
		if said, err := c.beginLogin(ask, text(ask, "db")); err == nil {
			out = append(out, bson.E{Key: "speculativeAuthenticate", Value: said})
		}
	}
	return out, nil
}

func (c *call) replSetGetStatus() (bson.D, error) {
	return nil, mistake(value.NoReplication, "not running with --replSet")
}

func (c *call) ping() (bson.D, error) {
	return nil, c.on(func(*model.World) error { return nil })
}

// nothing is the answer of commands that have no effect here.
func (c *call) nothing() (bson.D, error) { return nil, nil }

func (c *call) buildInfo() (bson.D, error) {
	numbers := bson.A{}
	for _, n := range strings.Split(Version, ".") {
		v := int32(0)
		for _, digit := range n {
			v = v*10 + digit - '0'
		}
		numbers = append(numbers, v)
	}
	return bson.D{
		{Key: "version", Value: Version}, {Key: "gitVersion", Value: "ce59cfc6a3c5e5c067dca0d30697edd68d4f5188"}, {Key: "modules", Value: bson.A{}},
		{Key: "allocator", Value: "tcmalloc"}, {Key: "javascriptEngine", Value: "none"}, {Key: "sysInfo", Value: "deprecated"},
		{Key: "versionArray", Value: append(numbers, int32(0))}, {Key: "bits", Value: int32(64)}, {Key: "debug", Value: false},
		{Key: "maxBsonObjectSize", Value: int32(maxDocument)}, {Key: "storageEngines", Value: bson.A{"devnull", "wiredTiger"}},
	}, nil
}
