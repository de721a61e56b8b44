package playbook

import "runbook/engine/yaml"

// Input declares an input of a playbook, or a field of a manual step.
type Input struct {
	Name    yaml.String   `yaml:",key" name:"an input"`
	Type    yaml.String   `yaml:"type" enum:"string,int,number,bool,duration,size,time,secret,list,map" hint:"give the type, one of string, int, number, bool, duration, size, time, secret, list, map" doc:"The type of its values."`
	Of      *Elements     `yaml:"of,omitempty" for:"type=list|map" doc:"The type of the elements; or of rows the types of their fields, as '{target: string, port: int}'."`
	Default *yaml.Node    `yaml:"default,omitempty" for:"type=string|int|number|bool|duration|size|time|list|map" doc:"The value where none is given; an input without it must be given."`
	Enum    []yaml.String `yaml:"enum,omitempty" min:"1" for:"type=string" hint:"write enum: [a, b]" doc:"The values that are taken."`
	Min     yaml.String   `yaml:"min,omitempty" for:"type=string|int|number|duration|size|list|map" doc:"The least value; of a text the characters, of a list the elements."`
	Max     yaml.String   `yaml:"max,omitempty" for:"type=string|int|number|duration|size|list|map" doc:"The greatest value, likewise."`
	Pattern yaml.String   `yaml:"pattern,omitempty" doc:"A regular expression that a text matches."`
	Doc     yaml.String   `yaml:"doc,omitempty" doc:"What it is, in a sentence."`
	Weak    yaml.Bool     `yaml:"weak,omitempty" for:"type=secret" doc:"The secret may have fewer than 8 bytes."`
	Node    *yaml.Node    `what:"an input" write:"write NAME: {type: string}"`
}

// Elements is the type of what a list or a map holds, or the types of the fields of rows.
type Elements struct {
	Type   yaml.String `yaml:",short" enum:"string,int,number,bool,duration,size,time,secret,list,map"`
	Fields []yaml.Pair `yaml:",rest"`
	Node   *yaml.Node  `what:"a type of elements" write:"write of: string, or of: {target: string, port: int}"`
}

// Foreign says what to write for a word of another tool.
func (Input) Foreign(key string) string { return foreignOfInputs(key) }
