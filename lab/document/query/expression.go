package query

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// Bind gives the filter the scope in which its $expr are evaluated: the time
// of $$NOW.
func (f *Filter) Bind(s *expression.Scope) *Filter {
	return &Filter{root: f.root, scope: s}
}

// parseExpression reads $expr, an expression that must be true of a document.
func parseExpression(v any) (*Node, error) {
	x, err := expression.Parse(v)
	if err != nil {
		return nil, err
	}
	n := &Node{Op: "$expr", Operand: v, whole: true}
	n.test = func(p *probe, doc any) bool {
		s := expression.Scope{Now: time.Unix(0, 0)}
		if p.scope != nil {
			s = *p.scope
		}
		s.Root = doc.(bson.D)
		got, err := x(&s)
		if err != nil {
			p.err = err
		}
		return err == nil && value.Truth(got)
	}
	return n, nil
}
