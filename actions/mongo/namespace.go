package mongo

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/engine/action"
)

// place is where documents are, as parameters name it.
type place struct {
	Database   string `yaml:"database,omitempty" doc:"The database; without it that of the target."`
	Collection string `yaml:"collection" min:"1" doc:"Name of the collection."`
}

// namespace is a collection of a server.
type namespace struct {
	*server
	database, collection string
}

// String is the name as MongoDB writes it: mltb.tasks.
func (n namespace) String() string { return n.database + "." + n.collection }

func (n namespace) handle() *driver.Collection {
	return n.client.Database(n.database).Collection(n.collection)
}

// in finds the namespace of a place.
func (p place) in(call action.Call) (namespace, error) {
	s, database, err := databaseOf(call, p.Database)
	if err != nil {
		return namespace{}, err
	}
	if strings.ContainsAny(p.Collection, "$\x00") {
		return namespace{}, action.ParamError("collection", "%q is no name of a collection", p.Collection)
	}
	return namespace{server: s, database: database, collection: p.Collection}, nil
}

// toChange is in, and refuses the collections that are the server's own.
func (p place) toChange(call action.Call) (namespace, error) {
	if strings.HasPrefix(p.Collection, "system.") {
		return namespace{}, action.ParamError("collection", "%s is the server's own and is not changed by playbooks", p.Collection)
	}
	return p.in(call)
}

// databaseOf returns the server, and the database that is named or that of the
// target.
func databaseOf(call action.Call, name string) (*server, string, error) {
	s, err := serverOf(call)
	if err != nil {
		return nil, "", err
	}
	if name == "" {
		name = s.database
	}
	if name == "" {
		return nil, "", action.ParamError("database", "neither the step nor the target %s names one", call.Target.Name)
	}
	if strings.ContainsAny(name, "/\\. \"$\x00") {
		return nil, "", action.ParamError("database", "%q is no name of a database", name)
	}
	return s, name, nil
}

// count counts the documents that match.
func (n namespace) count(ctx context.Context, filter bson.D) (count int64, err error) {
	err = n.send(ctx, "count in "+n.String(), func(ctx context.Context) error {
		var err error
		count, err = n.handle().CountDocuments(ctx, filter)
		return err
	})
	return count, err
}

// size is the number of all documents by the server's own figures, which an
// unclean stop may leave a little wrong: for people, not for decisions.
func (n namespace) size(ctx context.Context) (count int64, err error) {
	err = n.send(ctx, "count of "+n.String(), func(ctx context.Context) error {
		var err error
		count, err = n.handle().EstimatedDocumentCount(ctx)
		return err
	})
	return count, err
}
