package mongo

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

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
	if c.server.set != "" {
		out = append(out, c.server.member()...)
	}
	out = append(out,
		bson.E{Key: "maxBsonObjectSize", Value: int32(maxDocument)}, bson.E{Key: "maxMessageSizeBytes", Value: int32(maxMessage)},
		bson.E{Key: "maxWriteBatchSize", Value: int32(100_000)}, bson.E{Key: "localTime", Value: c.now()},
		bson.E{Key: "logicalSessionTimeoutMinutes", Value: int32(30)}, bson.E{Key: "connectionId", Value: c.connection.id},
		bson.E{Key: "minWireVersion", Value: int32(0)}, bson.E{Key: "maxWireVersion", Value: int32(wireVersion)}, bson.E{Key: "readOnly", Value: false},
	)
	if user := c.text("saslSupportedMechs"); user != "" {
		if _, known := c.server.accounts.password(user); known {
			out = append(out, bson.E{Key: "saslSupportedMechs", Value: bson.A{sha1, sha256}})
		}
	}
	if ask, err := c.part("speculativeAuthenticate"); err == nil && ask != nil {
		if said, err := c.beginLogin(ask, text(ask, "db")); err == nil {
			out = append(out, bson.E{Key: "speculativeAuthenticate", Value: said})
		}
	}
	return out, nil
}

// member is what the only member of a replica set says of it.
func (s *Server) member() bson.D {
	var started time.Time
	var now time.Time
	s.model.Look(func(w *model.World) { started, now = w.Mongo.Started, w.Now })
	election := bson.ObjectID{0: 0x7f, 1: 0xff, 2: 0xff, 3: 0xff, 11: 1}
	return bson.D{
		{Key: "hosts", Value: bson.A{s.Addr()}}, {Key: "setName", Value: s.set}, {Key: "setVersion", Value: int32(1)}, {Key: "secondary", Value: false},
		{Key: "primary", Value: s.Addr()}, {Key: "me", Value: s.Addr()}, {Key: "electionId", Value: election},
		{Key: "lastWrite", Value: bson.D{
			{Key: "opTime", Value: bson.D{{Key: "ts", Value: bson.Timestamp{T: uint32(now.Unix()), I: 1}}, {Key: "t", Value: int64(1)}}},
			{Key: "lastWriteDate", Value: bson.NewDateTimeFromTime(started)},
		}},
	}
}

// timed adds the time of the operation, which members of replica sets tell.
func (s *Server) timed(reply bson.D) bson.D {
	if s.set == "" {
		return reply
	}
	return append(reply, bson.E{Key: "operationTime", Value: bson.Timestamp{T: uint32(s.gate.Clock().Now().Unix()), I: 1}})
}

func (c *call) replSetGetStatus() (bson.D, error) {
	if c.server.set == "" {
		return nil, mistake(codeNoReplication, "not running with --replSet")
	}
	var up int64
	_ = c.on(func(w *model.World) error { up = int64(w.Now.Sub(w.Mongo.Started).Seconds()); return nil })
	return bson.D{
		{Key: "set", Value: c.server.set}, {Key: "date", Value: c.now()}, {Key: "myState", Value: int32(1)}, {Key: "term", Value: int64(1)},
		{Key: "heartbeatIntervalMillis", Value: int64(2000)}, {Key: "majorityVoteCount", Value: int32(1)}, {Key: "writeMajorityCount", Value: int32(1)},
		{Key: "votingMembersCount", Value: int32(1)}, {Key: "writableVotingMembersCount", Value: int32(1)},
		{Key: "members", Value: bson.A{bson.D{
			{Key: "_id", Value: int32(0)}, {Key: "name", Value: c.server.Addr()}, {Key: "health", Value: 1.0}, {Key: "state", Value: int32(1)},
			{Key: "stateStr", Value: "PRIMARY"}, {Key: "uptime", Value: int32(up)}, {Key: "optimeDate", Value: c.now()}, {Key: "configVersion", Value: int32(1)}, {Key: "self", Value: true},
		}}},
	}, nil
}

func (c *call) replSetGetConfig() (bson.D, error) {
	if c.server.set == "" {
		return nil, mistake(codeNoReplication, "not running with --replSet")
	}
	return bson.D{{Key: "config", Value: bson.D{
		{Key: "_id", Value: c.server.set}, {Key: "version", Value: int32(1)}, {Key: "term", Value: int64(1)},
		{Key: "members", Value: bson.A{bson.D{{Key: "_id", Value: int32(0)}, {Key: "host", Value: c.server.Addr()}, {Key: "priority", Value: 1.0}, {Key: "votes", Value: int32(1)}}}},
	}}}, nil
}

func (c *call) ping() (bson.D, error) {
	return nil, c.on(func(*model.World) error { return nil })
}

// nothing is the answer of commands that have no effect here.
func (c *call) nothing() (bson.D, error) { return nil, nil }

func (c *call) connectionStatus() (bson.D, error) {
	users, roles := bson.A{}, bson.A{}
	for _, u := range c.connection.login.users {
		users = append(users, u)
		_ = c.on(func(w *model.World) error {
			for _, known := range w.Mongo.Users {
				if known.Name == text(u, "user") && known.Database == text(u, "db") {
					roles = append(roles, rolesOf(known)...)
				}
			}
			return nil
		})
	}
	return bson.D{{Key: "authInfo", Value: bson.D{{Key: "authenticatedUsers", Value: users}, {Key: "authenticatedUserRoles", Value: roles}}}}, nil
}

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
