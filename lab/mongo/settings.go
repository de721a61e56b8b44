package mongo

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
	"runbook/lab/model"
)

// parameters are those of the server that can be read, and all but the first
// set, while it runs.
func parameters() bson.D {
	return bson.D{
		{Key: "featureCompatibilityVersion", Value: bson.D{{Key: "version", Value: "7.0"}}},
		{Key: "logLevel", Value: int32(0)}, {Key: "cursorTimeoutMillis", Value: int64(600_000)}, {Key: "ttlMonitorEnabled", Value: true}, {Key: "ttlMonitorSleepSecs", Value: int32(60)},
		{Key: "notablescan", Value: false}, {Key: "quiet", Value: false}, {Key: "internalQueryMaxBlockingSortMemoryUsageBytes", Value: int32(100 << 20)},
		{Key: "wiredTigerConcurrentReadTransactions", Value: int32(128)}, {Key: "wiredTigerConcurrentWriteTransactions", Value: int32(128)},
		{Key: "diagnosticDataCollectionEnabled", Value: true}, {Key: "transactionLifetimeLimitSeconds", Value: int32(60)}, {Key: "maxIndexBuildMemoryUsageMegabytes", Value: int32(200)},
	}
}

func (c *call) getParameter() (reply bson.D, err error) {
	all := c.body[0].Value == "*" || truth(c.body, "allParameters", false)
	err = c.on(func(*model.World) error {
		for _, p := range c.server.parameters {
			if _, asked := field(c.body[1:], p.Key); asked || all {
				reply = append(reply, p)
			}
		}
		if len(reply) == 0 {
			return mistake(value.InvalidOptions, "no option found to get")
		}
		return nil
	})
	return reply, err
}

func (c *call) setParameter() (reply bson.D, err error) {
	err = c.on(func(*model.World) error {
		for _, e := range c.body[1:] {
			for i, known := range c.server.parameters {
				if known.Key != e.Key || i == 0 {
					continue
				}
				if value.Rank(known.Value) != value.Rank(e.Value) {
					return mistake(value.TypeMismatch, "parameter %s has the type %s", e.Key, value.TypeName(known.Value))
				}
				c.server.parameters[i].Value = e.Value
				reply = bson.D{{Key: "was", Value: known.Value}}
				return nil
			}
		}
		return mistake(value.InvalidOptions, "attempted to set unrecognized parameter [%s], use help:true to see options", c.settable())
	})
	return reply, err
}

// settable is the parameter that setParameter names.
func (c *call) settable() string {
	if len(c.body) > 1 {
		return c.body[1].Key
	}
	return ""
}

// address is where the client is.
func (c *connection) address() string { return c.conn.RemoteAddr().String() }

// application is the name that the client gave itself.
func (c *connection) application() string {
	c.server.running.mu.Lock()
	defer c.server.running.mu.Unlock()
	return c.named()
}

// named is the name that the client gave itself. The lock of the running is held.
func (c *connection) named() string {
	application, err := part(c.client, "application")
	if err != nil {
		return ""
	}
	return text(application, "name")
}

// identity is what currentOp tells of a connection. The lock of the running is
// held.
func (c *connection) identity() bson.D {
	return bson.D{
		{Key: "type", Value: "op"}, {Key: "host", Value: host}, {Key: "desc", Value: fmt.Sprintf("conn%d", c.id)}, {Key: "connectionId", Value: c.id},
		{Key: "client", Value: c.address()}, {Key: "appName", Value: c.named()}, {Key: "clientMetadata", Value: c.client},
	}
}
