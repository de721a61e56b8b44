// Package pipeline runs the stages of an aggregation over documents.
package pipeline

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

// Store is where stages find other collections and write their results.
type Store interface {
	// Documents gives all documents of a collection that match; none where
	// there is no such collection.
	Documents(collection string, filter bson.D) ([]bson.D, error)
	// Replace is $out: the documents become the collection.
	Replace(collection string, docs []bson.D) error
	// Merge is $merge of one document.
	Merge(m Merge, doc bson.D) error
}

// Merge is the operand of a $merge.
type Merge struct {
	Into                        string
	On                          []string
	WhenMatched, WhenNotMatched string
}

// Context is what the stages of a run share.
type Context struct {
	Store Store
	Now   time.Time
	// Random gives numbers in [0, n) for $sample.
	Random func(n int) int
	scope  *expression.Scope
}

// Scope is that of the stages' expressions.
func (c *Context) Scope() *expression.Scope {
	if c.scope == nil {
		c.scope = &expression.Scope{Now: c.Now}
	}
	return c.scope
}

// stage turns documents into others. The slice is its own to change, the
// documents are not.
type stage func(c *Context, docs []bson.D) ([]bson.D, error)

// Pipeline is a list of stages that was parsed.
type Pipeline struct{ stages []stage }

// Parse reads stages. One that it does not know is a *fault.Error 40324.
func Parse(stages []bson.D) (*Pipeline, error) {
	p := &Pipeline{}
	for i, d := range stages {
		if len(d) != 1 {
			return nil, fault.New(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		op := d[0].Key
		parse := parserOf(op)
		if parse == nil {
			return nil, fault.New(40324, "Unrecognized pipeline stage name: '%s'", op)
		}
		if (op == "$out" || op == "$merge") && i != len(stages)-1 {
			return nil, fault.New(40601, "%s can only be the final stage in the pipeline", op)
		}
		operand, err := value.Normal(d[0].Value)
		if err != nil {
			return nil, fault.New(fault.BadValue, "%v", err)
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
		return unset
	case "$replaceRoot", "$replaceWith":
		return replaceRoot
	case "$sort":
		return sorting
	case "$limit", "$skip":
		return cut
	case "$sample":
		return sample
	case "$unwind":
		return unwind
	case "$group":
		return group
	case "$bucket":
		return bucket
	}
	return parserOfMore(op)
}

func parserOfMore(op string) parser {
	switch op {
	case "$count":
		return count
	case "$sortByCount":
		return sortByCount
	case "$facet":
		return facet
	case "$lookup":
		return lookup
	case "$unionWith":
		return unionWith
	case "$out":
		return out
	case "$merge":
		return merge
	}
	return nil
}

// Changes says whether stages are those that an update may have.
func Changes(stages []bson.D) error {
	for _, d := range stages {
		if len(d) != 1 {
			return fault.New(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		switch d[0].Key {
		case "$set", "$addFields", "$unset", "$project", "$replaceRoot", "$replaceWith":
		default:
			return fault.New(fault.InvalidOptions, "%s is not allowed to be used within an update", d[0].Key)
		}
	}
	return nil
}

// documents reads an array of stages.
func documents(op string, v any) ([]bson.D, error) {
	a, ok := v.(bson.A)
	if !ok {
		return nil, fault.New(fault.TypeMismatch, "%s: a pipeline must be an array, found %s", op, value.TypeName(v))
	}
	stages := make([]bson.D, len(a))
	for i, e := range a {
		d, ok := e.(bson.D)
		if !ok {
			return nil, fault.New(fault.TypeMismatch, "Each element of the 'pipeline' array must be an object")
		}
		stages[i] = d
	}
	return stages, nil
}

func document(op string, v any) (bson.D, error) {
	d, ok := v.(bson.D)
	if !ok {
		return nil, fault.New(15947, "the %s stage specification must be an object, found %s", op, value.TypeName(v))
	}
	return d, nil
}

// name reads a field path: "$a.b".
func name(op string, v any) (string, error) {
	s, ok := v.(string)
	if !ok || !strings.HasPrefix(s, "$") || len(s) < 2 {
		return "", fault.New(28818, "path option to %s stage should be prefixed with a '$': %s", op, value.Format(v))
	}
	return s[1:], nil
}
