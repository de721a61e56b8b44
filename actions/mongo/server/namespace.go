package server

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/engine/action"
)

// Namespace is a collection of a server.
type Namespace struct {
	*Server
	Database, Collection string
}

// NamespaceOf returns the collection of a database of call's target; "" is the
// database of the target.
func NamespaceOf(call action.Call, database, collection string) (Namespace, error) {
	s, database, err := DatabaseOf(call, database)
	if err != nil {
		return Namespace{}, err
	}
	if strings.ContainsAny(collection, "$\x00") {
		return Namespace{}, action.ParamError("collection", "%q is no name of a collection", collection)
	}
	return Namespace{Server: s, Database: database, Collection: collection}, nil
}

// DatabaseOf returns the server, and the database that is named or that of the
// target.
func DatabaseOf(call action.Call, name string) (*Server, string, error) {
	s, err := Of(call)
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

// String is the name as MongoDB writes it: mltb.tasks.
func (n Namespace) String() string { return n.Database + "." + n.Collection }

// Handle is the driver's handle of the collection.
func (n Namespace) Handle() *driver.Collection {
	return n.Client.Database(n.Database).Collection(n.Collection)
}

// Each asks for documents and calls do with each of them, until do returns
// false. The bytes are do's until it returns only. ask is what is tried, for
// people: "find in mltb.tasks".
func (n Namespace) Each(ctx context.Context, ask string, open func(context.Context, *driver.Collection) (*driver.Cursor, error), do func(bson.Raw) (bool, error)) error {
	return n.Send(ctx, ask, func(ctx context.Context) error {
		cursor, err := open(ctx, n.Handle())
		if err != nil {
			return err
		}
		defer cursor.Close(ctx)
		for cursor.Next(ctx) {
			if more, err := do(cursor.Current); err != nil || !more {
				return err
			}
		}
		return cursor.Err()
	})
}

// Count counts the documents that match.
func (n Namespace) Count(ctx context.Context, filter bson.D) (count int64, err error) {
	err = n.Send(ctx, "count in "+n.String(), func(ctx context.Context) error {
		var err error
		count, err = n.Handle().CountDocuments(ctx, filter)
		return err
	})
	return count, err
}

// Size is the number of all documents by the server's own figures, which an
// unclean stop may leave a little wrong: for people, not for decisions.
func (n Namespace) Size(ctx context.Context) (count int64, err error) {
	err = n.Send(ctx, "count of "+n.String(), func(ctx context.Context) error {
		var err error
		count, err = n.Handle().EstimatedDocumentCount(ctx)
		return err
	})
	return count, err
}
