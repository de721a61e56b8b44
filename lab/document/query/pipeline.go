package query

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// Store is where stages find other collections.
type Store interface {
	// Documents gives all documents of a collection that match; none where
	// there is no such collection.
	Documents(collection string, filter bson.D) ([]bson.D, error)
}

// Context is what the stages of a run share.
type Context struct {
	Store Store
	Now   time.Time
}

// Scope is that of the stages' expressions.
func (c *Context) Scope() *expression.Scope { return &expression.Scope{Now: c.Now} }

// stage turns documents into others. The slice is its own to change, the
// documents are not.
type stage func(c *Context, docs []bson.D) ([]bson.D, error)

// Pipeline is a list of stages that was parsed.
type Pipeline struct{ stages []stage }

// ParsePipeline reads stages. One that it does not know is a *value.Error 40324.
func ParsePipeline(stages []bson.D) (*Pipeline, error) {
	p := &Pipeline{}
	for _, d := range stages {
		if len(d) != 1 {
			return nil, value.Refused(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		op := d[0].Key
		parse := parserOf(op)
		if parse == nil {
			return nil, value.Refused(40324, "Unrecognized pipeline stage name: '%s'", op)
		}
		operand, err := value.Normal(d[0].Value)
		if err != nil {
			return nil, value.Refused(value.BadValue, "%v", err)
		}
		s, err := parse(op, operand)
		if err != nil {
			return nil, err
		}
		p.stages = append(p.stages, s)
	}
	return p, nil
}

// Run puts documents through the stages. The slice may be changed.
func (p *Pipeline) Run(c *Context, docs []bson.D) ([]bson.D, error) {
	for _, s := range p.stages {
		out, err := s(c, docs)
		if err != nil {
			return nil, err
		}
		docs = out
	}
	return docs, nil
}

type parser func(op string, operand any) (stage, error)

func parserOf(op string) parser {
	switch op {
	case "$match":
		return match
	case "$project":
		return project
	case "$addFields", "$set":
		return addFields
	case "$unset":
		return without
	case "$sort":
		return sorting
	case "$limit", "$skip":
		return cut
	case "$unwind":
		return unwind
	case "$group":
		return group
	case "$count":
		return count
	case "$lookup":
		return lookup
	}
	return nil
}

func document(op string, v any) (bson.D, error) {
	d, ok := v.(bson.D)
	if !ok {
		return nil, value.Refused(15947, "the %s stage specification must be an object, found %s", op, value.TypeName(v))
	}
	return d, nil
}

// name reads a field path: "$a.b".
func name(op string, v any) (string, error) {
	s, ok := v.(string)
	if !ok || !strings.HasPrefix(s, "$") || len(s) < 2 {
		return "", value.Refused(28818, "path option to %s stage should be prefixed with a '$': %s", op, value.Format(v))
	}
	return s[1:], nil
}
