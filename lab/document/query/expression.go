package query

import (
	"runbook/lab/document/fault"
)

func parseExpression(v any) (*Node, error) {
	return nil, fault.New(fault.BadValue, "unknown top level operator: $expr (%v)", v)
}
