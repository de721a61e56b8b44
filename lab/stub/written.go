package stub

import "runbook/engine/yaml"

// Written are the stubs as they are written, for one rehearsal or for all of a file.
type Written struct {
	Programs []*writtenProgram `yaml:"programs,omitempty" doc:"Stubs that answer in place of programs, of this machine and in containers; the first that matches does."`
	Requests []*writtenRequest `yaml:"requests,omitempty" doc:"Stubs that answer in place of servers; the first that matches does."`
	Ports    []*writtenPort    `yaml:"ports,omitempty" doc:"Stubs that answer in place of ports, to host.port; the first that matches does."`
}

// writtenProgram is a stub of a program as it is written.
type writtenProgram struct {
	Argv   []yaml.String `yaml:"argv" list:"one" min:"1" hint:"write argv: [program, argument]" doc:"The beginning of the argv; '*' stands for one word."`
	Stdout yaml.String   `yaml:"stdout,omitempty" doc:"What it writes to its standard output."`
	Stderr yaml.String   `yaml:"stderr,omitempty" doc:"What it writes to its standard error."`
	Exit   yaml.Int      `yaml:"exit,omitempty" min:"0" max:"255" doc:"Its exit code; 0 without it."`
	writtenStub
	Node *yaml.Node `what:"a stub of a program" write:"write {argv: [program, argument], stdout: text}"`
}

// writtenRequest is a stub of a server as it is written.
type writtenRequest struct {
	Method  yaml.String `yaml:"method,omitempty" pattern:"^[A-Z]+$" hint:"write method: POST" doc:"The method; any without it."`
	URL     yaml.String `yaml:"url" hint:"write url: \"https://hooks.example.net/*\"" doc:"The URL; '*' stands for any text. Without a '?' in it the query of a request may be any."`
	Status  yaml.Int    `yaml:"status,omitempty" min:"200" max:"599" doc:"The status of the answer; 200 without it."`
	Headers []yaml.Pair `yaml:"headers,omitempty" hint:"write headers: {Name: value}" doc:"Headers of the answer."`
	Body    yaml.String `yaml:"body,omitempty" doc:"The body of the answer."`
	JSON    *yaml.Node  `yaml:"json,omitempty" doc:"The body of the answer, as a value that is sent as JSON."`
	writtenStub
	Node *yaml.Node `what:"a stub of a request" write:"write {method: POST, url: \"https://hooks.example.net/*\", status: 200}"`
}

// writtenPort is a stub of a port as it is written.
type writtenPort struct {
	Address yaml.String `yaml:"address" pattern:"^.+:([0-9]+|\\*)$" hint:"write address: \"db:5432\"" doc:"Host and port, as the step gives them; '*' stands for any text."`
	Closed  yaml.String `yaml:"closed,omitempty" doc:"Why it takes no connection, as 'connection refused'; without it it does."`
	writtenStub
	Node *yaml.Node `what:"a stub of a port" write:"write {address: \"db:5432\", closed: connection refused}"`
}

// writtenStub is what every stub may say.
type writtenStub struct {
	On      yaml.String   `yaml:"on,omitempty" doc:"Only at this target, or in the containers of this service; at any without it."`
	Takes   yaml.Duration `yaml:"takes,omitempty" min:"0s" doc:"How long the answer takes, in the lab's time."`
	Times   yaml.Int      `yaml:"times,omitempty" min:"1" doc:"How often it answers; then the next that matches does. Always without it."`
	Heals   yaml.String   `yaml:"heals,omitempty" doc:"The fault of the lab that goes when it has answered."`
	Injects *Fault        `yaml:"injects,omitempty" doc:"The fault of the lab that comes when it has answered."`
	Sets    []yaml.Pair   `yaml:"sets,omitempty" hint:"write sets: {web1: drained}" doc:"What is so when it has answered, in words of your own: '{web1: drained}'."`
	While   *while        `yaml:"while,omitempty" doc:"Only while this fault of the lab lasts, or where all of this was set last: 'api-down', '{web1: drained}'."`
}

// while is what must be so that a stub answers, as it is written.
type while struct {
	Fault yaml.String `yaml:",short" hint:"write while: api-down"`
	Words []yaml.Pair `yaml:",rest"`
	Node  *yaml.Node  `what:"what is so" write:"write while: api-down, or while: {web1: drained}"`
}

// Fault is a fault as it is written.
type Fault struct {
	Name    yaml.String `yaml:"name,short" hint:"write {name: memory-leak, returns: true}" doc:"The name of the fault."`
	Options []yaml.Pair `yaml:",rest"`
	Node    *yaml.Node  `what:"a fault" write:"write its name, or {name: memory-leak, returns: true}"`
}
