package query

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// stage turns documents into others. The slice is its own to change, the
// documents are not. now is the time of $$NOW.
type stage func(now time.Time, docs []bson.D) ([]bson.D, error)

// Pipeline is a list of stages that was parsed.
type Pipeline struct{ stages []stage }

// ParsePipeline reads stages. One that it does not know is a *value.Error 40324.
func ParsePipeline(stages []bson.D) (*Pipeline, error) {
	p := &Pipeline{}
	for _, d := range stages {
		if len(d) != 1 {
			return nil, value.Refused("40323", "A pipeline stage specification object must contain exactly one field.")
		}
		op := d[0].Key
		parse := parserOf(op)
		if parse == nil {
			return nil, value.Refused("40324", "Unrecognized pipeline stage name for this server of a lab: '%s'", op)
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
func (p *Pipeline) Run(now time.Time, docs []bson.D) ([]bson.D, error) {
	for _, s := range p.stages {
		out, err := s(now, docs)
		if err != nil {
			return nil, err
		}
		docs = out
	}
	return docs, nil
}

type parser func(op string, operand any) (stage, error)

func parserOf(op string) parser {
	return map[string]parser{
		"$match": match, "$project": project, "$sort": sorting, "$limit": cut, "$skip": cut, "$unwind": unwind, "$group": group, "$count": count,
	}[op]
}

func document(op string, v any) (bson.D, error) {
	d, ok := v.(bson.D)
	if !ok {
		return nil, value.Refused("15947", "the %s stage specification must be an object, found %s", op, value.TypeName(v))
	}
	return d, nil
}
