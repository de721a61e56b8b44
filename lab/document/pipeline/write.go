package pipeline

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

// target reads the name of a collection, or {db, coll}: there is one database.
func target(op string, v any) (string, error) {
	if d, ok := v.(bson.D); ok {
		v, _ = value.Field(d, "coll")
	}
	name, ok := v.(string)
	if !ok || name == "" {
		return "", fault.New(16990, "%s only supports a string or object argument, but found %s", op, value.TypeName(v))
	}
	return name, nil
}

func out(op string, operand any) (stage, error) {
	to, err := target(op, operand)
	if err != nil {
		return nil, err
	}
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		return nil, c.Store.Replace(to, docs)
	}, nil
}

func merge(op string, operand any) (stage, error) {
	m := Merge{On: []string{"_id"}, WhenMatched: "merge", WhenNotMatched: "insert"}
	d, ok := operand.(bson.D)
	if !ok {
		d = bson.D{{Key: "into", Value: operand}}
	}
	for _, e := range d {
		if err := m.set(op, e); err != nil {
			return nil, err
		}
	}
	if m.Into == "" {
		return nil, fault.New(40414, "BSON field '$merge.into' is missing but a required field")
	}
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		for _, d := range docs {
			if err := c.Store.Merge(m, d); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, nil
}

func (m *Merge) set(op string, e bson.E) (err error) {
	text, _ := e.Value.(string)
	switch e.Key {
	case "into":
		m.Into, err = target(op, e.Value)
		return err
	case "on":
		m.On = []string{text}
		if a, ok := e.Value.(bson.A); ok {
			m.On = nil
			for _, v := range a {
				name, _ := v.(string)
				m.On = append(m.On, name)
			}
		}
		if slices.Contains(m.On, "") || len(m.On) == 0 {
			return fault.New(51178, "If explicitly specified, $merge 'on' must be a string or a non-empty array of strings")
		}
		return nil
	case "whenMatched":
		m.WhenMatched = text
		if slices.Contains([]string{"replace", "keepExisting", "merge", "fail"}, text) {
			return nil
		}
	case "whenNotMatched":
		m.WhenNotMatched = text
		if slices.Contains([]string{"insert", "discard", "fail"}, text) {
			return nil
		}
	default:
		return fault.New(40415, "BSON field '$merge.%s' is an unknown field.", e.Key)
	}
	return fault.New(fault.BadValue, "Enumeration value '%s' for field '$merge.%s' is not a valid value.", value.Format(e.Value), e.Key)
}
