// Package mongo has the actions that talk to a MongoDB server.
package mongo

import (
	"strings"

	"runbook/actions/mongo/server"
	"runbook/engine/action"
)

// Target is the kind of target that mongo actions talk to.
var Target = server.Target

// place is where documents are, as parameters name it.
type place struct {
	Database   string `yaml:"database,omitempty" doc:"The database; without it that of the target."`
	Collection string `yaml:"collection" min:"1" doc:"Name of the collection."`
}

// in finds the namespace of a place.
func (p place) in(call action.Call) (server.Namespace, error) {
	return server.NamespaceOf(call, p.Database, p.Collection)
}

// toChange is in, and refuses the collections that are the server's own.
func (p place) toChange(call action.Call) (server.Namespace, error) {
	if strings.HasPrefix(p.Collection, "system.") {
		return server.Namespace{}, action.ParamError("collection", "%s is the server's own and is not changed by playbooks", p.Collection)
	}
	return p.in(call)
}
