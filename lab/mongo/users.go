package mongo

import (
	"crypto/md5"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
	"runbook/lab/model"
)

// rolesOf are a user's roles. One that names no database is of the user's.
func rolesOf(u model.User) bson.A {
	roles := bson.A{}
	for _, r := range u.Roles {
		name, database, named := strings.Cut(r, "@")
		if !named {
			database = u.Database
		}
		roles = append(roles, bson.D{{Key: "role", Value: name}, {Key: "db", Value: database}})
	}
	return roles
}

// roles reads a list of roles.
func (c *call) roles() (roles []string, given bool, err error) {
	v, given := field(c.body, "roles")
	list, _ := v.(bson.A)
	for _, r := range list {
		switch r := r.(type) {
		case string:
			roles = append(roles, r)
		case bson.D:
			name, database := text(r, "role"), text(r, "db")
			if name == "" || database == "" {
				return nil, given, mistake(value.BadValue, "A role document needs 'role' and 'db'")
			}
			if database != c.database() {
				name += "@" + database
			}
			roles = append(roles, name)
		default:
			return nil, given, mistake(value.TypeMismatch, "Role names must be either strings or objects, not %s", value.TypeName(r))
		}
	}
	return roles, given, nil
}

// user finds the user that the command names.
func (c *call) user(w *model.World) (*model.User, error) {
	name, _ := c.body[0].Value.(string)
	for i := range w.Mongo.Users {
		if u := &w.Mongo.Users[i]; u.Name == name && u.Database == c.database() {
			return u, nil
		}
	}
	return nil, mistake(value.UserNotFound, "Could not find user \"%s\" for db \"%s\"", name, c.database())
}

func (c *call) usersInfo() (bson.D, error) {
	users := bson.A{}
	err := c.on(func(w *model.World) error {
		for _, u := range w.Mongo.Users {
			if c.wants(u, c.body[0].Value) {
				id := md5.Sum([]byte(u.Database + "." + u.Name))
				users = append(users, bson.D{
					{Key: "_id", Value: u.Database + "." + u.Name}, {Key: "userId", Value: bson.Binary{Subtype: bson.TypeBinaryUUID, Data: id[:]}},
					{Key: "user", Value: u.Name}, {Key: "db", Value: u.Database}, {Key: "roles", Value: rolesOf(u)}, {Key: "mechanisms", Value: bson.A{sha256}},
				})
			}
		}
		return nil
	})
	return bson.D{{Key: "users", Value: users}}, err
}

// wants says whether usersInfo asks for that user.
func (c *call) wants(u model.User, asked any) bool {
	switch asked := asked.(type) {
	case string:
		return u.Name == asked && u.Database == c.database()
	case bson.D:
		return text(asked, "user") == u.Name && text(asked, "db") == u.Database || truth(asked, "forAllDBs", false)
	case bson.A:
		return slices.ContainsFunc(asked, func(one any) bool { return c.wants(u, one) })
	}
	return u.Database == c.database()
}

func (c *call) createUser() (bson.D, error) {
	name, _ := c.body[0].Value.(string)
	password := c.text("pwd")
	roles, given, err := c.roles()
	switch {
	case err != nil:
		return nil, err
	case name == "":
		return nil, mistake(value.BadValue, "User document needs 'user' field to be non-empty")
	case password == "":
		return nil, mistake(value.BadValue, "Must provide a 'pwd' field for all user documents, except those with '$external' as the user's source db")
	case !given:
		return nil, mistake(value.MissingField, "BSON field 'createUser.roles' is missing but a required field")
	}
	return nil, c.on(func(w *model.World) error {
		if _, err := c.user(w); err == nil {
			return mistake("51003", "User \"%s@%s\" already exists", name, c.database())
		}
		w.Mongo.Users = append(w.Mongo.Users, model.User{Name: name, Database: c.database(), Roles: roles, Password: password})
		return nil
	})
}

func (c *call) dropUser() (bson.D, error) {
	return nil, c.on(func(w *model.World) error {
		u, err := c.user(w)
		if err != nil {
			return mistake(value.UserNotFound, "User '%v@%s' not found", c.body[0].Value, c.database())
		}
		gone := *u
		w.Mongo.Users = slices.DeleteFunc(w.Mongo.Users, func(other model.User) bool { return other.Name == gone.Name && other.Database == gone.Database })
		return nil
	})
}
