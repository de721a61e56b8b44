// Package redis has the actions that talk to a Redis server.
package redis

import "runbook/actions/redis/server"

// Target is the kind of target that redis actions talk to.
var Target = server.Target
