package mongo

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
)

// mistake is an error of a command.
func mistake(code value.Code, format string, values ...any) *document.Error {
	return value.Refused(code, format, values...)
}

func field(d bson.D, name string) (any, bool) { return value.Field(d, name) }

func text(d bson.D, name string) string {
	v, _ := field(d, name)
	s, _ := v.(string)
	return s
}

func number(d bson.D, name string, otherwise int64) int64 {
	v, ok := field(d, name)
	if !ok {
		return otherwise
	}
	if n, ok := value.Int(v); ok {
		return n
	}
	if f, ok := value.Float(v); ok {
		return int64(f)
	}
	return otherwise
}

// truth is a flag: true, or a number that is not 0.
func truth(d bson.D, name string, otherwise bool) bool {
	v, ok := field(d, name)
	if !ok {
		return otherwise
	}
	return value.Truth(v)
}

// part is a document in a document. It may be missing or null.
func part(d bson.D, name string) (bson.D, error) {
	v, ok := field(d, name)
	if !ok || v == nil {
		return nil, nil
	}
	inner, ok := v.(bson.D)
	if !ok {
		return nil, mistake(value.TypeMismatch, "BSON field '%s' is the wrong type '%s', expected type 'object'", name, value.TypeName(v))
	}
	return inner, nil
}

// parts is a list of documents in a document.
func parts(d bson.D, name string) ([]bson.D, error) {
	v, ok := field(d, name)
	if !ok || v == nil {
		return nil, nil
	}
	list, ok := v.(bson.A)
	if !ok {
		return nil, mistake(value.TypeMismatch, "BSON field '%s' is the wrong type '%s', expected type 'array'", name, value.TypeName(v))
	}
	out := make([]bson.D, 0, len(list))
	for _, e := range list {
		inner, ok := e.(bson.D)
		if !ok {
			return nil, mistake(value.TypeMismatch, "BSON field '%s' is the wrong type '%s', expected type 'object'", name, value.TypeName(e))
		}
		out = append(out, inner)
	}
	return out, nil
}

func (c *call) text(name string) string                   { return text(c.body, name) }
func (c *call) number(name string, otherwise int64) int64 { return number(c.body, name, otherwise) }
func (c *call) truth(name string, otherwise bool) bool    { return truth(c.body, name, otherwise) }
func (c *call) part(name string) (bson.D, error)          { return part(c.body, name) }
func (c *call) parts(name string) ([]bson.D, error)       { return parts(c.body, name) }
func (c *call) namespace(collection string) string        { return c.database() + "." + collection }

// refuse refuses options that would change the result and that the database of
// documents does not know.
func refuse(d bson.D, options ...string) error {
	for _, name := range options {
		v, _ := field(d, name)
		inner, isDocument := v.(bson.D)
		list, isList := v.(bson.A)
		if value.Truth(v) && (!isDocument || len(inner) > 0) && (!isList || len(list) > 0) && v != "" {
			return mistake(value.NotSupported, "this server of a lab does not know the option '%s'", name)
		}
	}
	return nil
}

// database is the one that the command is sent to.
func (c *call) database() string {
	if c.message.op == opQuery {
		name, _, _ := strings.Cut(c.message.legacy, ".")
		return name
	}
	return c.text("$db")
}

// collection is the one that the command names as its first value.
func (c *call) collection() (string, error) {
	name, ok := c.body[0].Value.(string)
	if !ok {
		return "", mistake(value.InvalidNamespace, "collection name has invalid type %s", value.TypeName(c.body[0].Value))
	}
	if name == "" || strings.ContainsAny(name, "\x00$") || strings.HasPrefix(name, ".") {
		return "", mistake(value.InvalidNamespace, "Invalid namespace specified '%s.%s'", c.database(), name)
	}
	return name, nil
}

func validDatabase(name string) bool {
	return len(name) < 64 && !strings.ContainsAny(name, "/\\. \"$\x00")
}

// require returns the mistake of a field that is missing.
func (c *call) require(name string) error {
	if _, ok := field(c.body, name); !ok {
		return mistake(value.MissingField, "BSON field '%s.%s' is missing but a required field", c.name, name)
	}
	return nil
}
