package environment

import (
	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// File is a runbook.yaml as it is written. What depends on the kinds of targets
// and on the names of actions is not decided yet.
type File struct {
	Default      yaml.String  `yaml:"default,omitempty" doc:"The environment that is taken without --env."`
	Roles        []*Role      `yaml:"roles,omitempty" doc:"Names of roles and the people who have them."`
	Environments []*Described `yaml:"environments" hint:"write environments: and under it name: {targets: {...}}" doc:"The environments by their names."`
	Node         *yaml.Node   `what:"a file of environments" write:"it has 'environments:' and under it name: {targets: {...}}" large:"put some of its environments into another file, and name it where they are meant: --config FILE" root:"true"`
}

// Role are the people who have a role.
type Role struct {
	Name   yaml.String   `yaml:",key"`
	People []yaml.String `yaml:",short" list:"one"`
	Node   *yaml.Node    `what:"a role" write:"write NAME: [person]"`
}

// Described is an environment as it is written.
type Described struct {
	Name      yaml.String     `yaml:",key"`
	Targets   []*Target       `yaml:"targets,omitempty" doc:"Where playbooks act, by names: a target is of the kind that it is named after, or that 'kind' says."`
	Protected yaml.Bool       `yaml:"protected,omitempty" doc:"The banner warns, and --env must be given."`
	Groups    []*Group        `yaml:"groups,omitempty" doc:"Targets that have a name together: playbooks go over them by 'environment.groups.NAME', and '--limit' takes some of them."`
	Vars      []yaml.Pair     `yaml:"vars,omitempty" hint:"write name: value under it" doc:"Values that playbooks read as 'vars'; '{secret: name}' is a secret, as is a text with '${{ secrets.name }}' in it."`
	Secrets   []*SecretSource `yaml:"secrets,omitempty" doc:"Where each secret comes from."`
	Policy    *Rules          `yaml:"policy,omitempty" doc:"What a run may do without asking."`
	Node      *yaml.Node      `what:"an environment" write:"write NAME: {targets: {...}}"`
}

// Foreign says what to write for a word of another tool.
func (Described) Foreign(word string) string {
	switch word {
	case "hosts", "inventory", "servers", "services", "connections":
		return "write targets: and under it name: {kind: shell, host: ssh://user@host}"
	case "env", "environment", "variables", "args", "parameters", "params":
		return "write vars: {name: value}; what a program is given stands under `env` of its target"
	case "become", "sudo", "user", "remote_user":
		return "write it into the target: host: ssh://user@host"
	case "name", "label":
		return "remove it: the key under which it stands is its name"
	case "rules", "permissions", "approvals":
		return "write policy: {allow: [read, write], approve: [destructive]}"
	case "depends_on", "always", "tasks", "steps", "run", "script", "command", "if", "when", "loop", "with_items", "register", "retries", "until",
		"delay", "notify", "uses", "rescue", "ignore_errors", "changed_when", "parallel", "tags":
		return "remove it: what is done stands in the steps of a playbook"
	}
	return ""
}

// Target is a target as it is written. Its other keys are those of its kind, which
// also says what it lists.
type Target struct {
	Name      yaml.String   `yaml:",key"`
	Kind      yaml.String   `yaml:"kind,omitempty" doc:"The kind, where the name is none."`
	Reads     []*Read       `yaml:"reads,omitempty" list:"one" doc:"Of an 'http' target the requests that change nothing although their protocol calls them changes, of a 'shell' target the programs that only read."`
	ExecReads []*Program    `yaml:"exec_reads,omitempty" list:"one" doc:"Of a 'docker' target the programs that only read, in its containers."`
	Writes    []yaml.String `yaml:"writes,omitempty" list:"one" pattern:"^[A-Z]+ /" hint:"write DELETE /api/cache/*" doc:"Requests that destroy nothing although their method says so; '*' stands for one segment of a path."`
	Rest      []yaml.Pair   `yaml:",rest"`
	Node      *yaml.Node    `what:"a target" write:"write NAME: {address: ...}, as its kind asks for it"`
}

// Group are targets that have a name together.
type Group struct {
	Name    yaml.String   `yaml:",key" name:"a group"`
	Targets []yaml.String `yaml:",short" list:"one"`
	Node    *yaml.Node    `what:"a group" write:"write NAME: [target, target]"`
}

// Read is a request that changes nothing: a method and a path, or what the body
// calls at a path. Or it is a program that only reads.
type Read struct {
	Request yaml.String `yaml:",short" pattern:"^[A-Z]+ /" hint:"write POST /api/search, {rpc: name, path: /jsonrpc} or {graphql: query, path: /graphql}; of a program [program, argument]"`
	RPC     yaml.String `yaml:"rpc,omitempty" one:"call" with:"path" hint:"name the method: rpc: aria2.getVersion" doc:"The method of a JSON-RPC call."`
	GraphQL yaml.String `yaml:"graphql,omitempty" one:"call" with:"path" enum:"query" doc:"Only 'query': what plainly is no mutation."`
	Path    yaml.String `yaml:"path,omitempty" beside:"rpc|graphql" pattern:"^/" hint:"say where: path: /jsonrpc" doc:"The path at which it is called; '*' in it stands for one segment."`
	Program
	Node *yaml.Node `what:"a read" write:"write \"POST /api/search\", {rpc: name, path: /jsonrpc}, {graphql: query, path: /graphql} or [program, argument]" idle:"names neither a request nor a program" several:"make two reads of it"`
}

// Program is a program that only reads, by the beginning of its argv.
type Program struct {
	Argv  []yaml.String `yaml:"argv,list" one:"call" min:"1" hint:"write [program, argument]" doc:"The program as a step writes it, and the words that follow; '*' stands for one that is no option."`
	Exact yaml.Bool     `yaml:"exact,omitempty" beside:"argv" doc:"Nothing follows; without it anything may."`
	Node  *yaml.Node    `what:"a program" write:"write [program, argument] or {argv: [program, argument], exact: true}" idle:"names no argv"`
}

// SecretSource is where the text of a secret comes from: exactly one of them.
type SecretSource struct {
	Name    yaml.String   `yaml:",key"`
	Env     yaml.String   `yaml:"env,omitempty" one:"source" doc:"A variable of the process."`
	File    yaml.String   `yaml:"file,omitempty" one:"source" doc:"A file."`
	Command []yaml.String `yaml:"command,omitempty" one:"source" list:"one" min:"1" doc:"A program and its arguments, whose output it is."`
	Read    yaml.Bool     `yaml:"read,omitempty" doc:"The command only reads: a dry run starts it, too."`
	Weak    yaml.Bool     `yaml:"weak,omitempty" doc:"It may be shorter than 8 bytes, although so short a text cannot be kept out of what is shown."`
	Node    *yaml.Node    `what:"a secret" write:"write NAME: {env: VARIABLE}, {file: PATH} or {command: [program, argument]}" idle:"comes from nowhere" several:"keep one of them"`
}

// Rules are a policy as it is written: effects, or names of actions.
type Rules struct {
	Allow   []yaml.String `yaml:"allow,omitempty" list:"one" doc:"What goes on without asking."`
	Approve []yaml.String `yaml:"approve,omitempty" list:"one" doc:"What a person is asked for."`
	Deny    []yaml.String `yaml:"deny,omitempty" list:"one" doc:"What is refused."`
	Yes     []yaml.String `yaml:"yes,omitempty" list:"one" doc:"What --yes may answer for."`
	Node    *yaml.Node    `what:"a policy" write:"write {allow: [read, write], approve: [destructive]}"`
}

// ReadFile returns a runbook.yaml and all mistakes of its structure, in the order of
// the file. It is nil only if nothing can be made of it.
func ReadFile(source *yaml.Source) (*File, diag.List) {
	f := &File{}
	list := yaml.Decode(source, f)
	if f.Node == nil {
		return nil, list
	}
	return f, list
}
