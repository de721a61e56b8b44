package playbook

import (
	"fmt"
	"slices"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Playbook is the typed tree of a file. What the file does not give is zero.
type Playbook struct {
	Source *yaml.Source
	Name   yaml.String `yaml:"playbook" name:"a playbook" joint:"-" hint:"write playbook: name, by which it is run" doc:"The name by which it is run: lower case letters, digits and -."`
	About
	Lock          []yaml.String   `yaml:"lock,omitempty" list:"one" doc:"A key or a list of keys. One run at a time holds a key. Over 'inputs', 'vars' and 'environment.name'."`
	Timeout       yaml.Duration   `yaml:"timeout,omitempty" late:"true" min:"1ms" doc:"The longest that the run may take. Without one there is no limit. Where another playbook calls this one, the timeout of that step holds."`
	MaxParallel   yaml.Int        `yaml:"max_parallel,omitempty" late:"true" min:"1" max:"1000" doc:"How many actions of the run act at once; 16 without it. A pause between attempts or looks, a wait and an approval count as none. Where another playbook calls this one, that one's holds."`
	OnFailure     yaml.String     `yaml:"on_failure,omitempty" enum:"stop,continue,warn,undo" doc:"What the failure of a step does to the others; 'stop' without it."`
	Inputs        []*Input        `yaml:"inputs,omitempty" doc:"What a run is given: names and their types."`
	Prerequisites []*Prerequisite `yaml:"prerequisites,omitempty" doc:"Texts, which are shown as not checked, and steps that read. If one fails, nothing else runs."`
	Steps         []*Step         `yaml:"steps" min:"1" hint:"write steps: and under it the steps, each with a dash" doc:"What is done, in order."`
	Finally       []*Step         `yaml:"finally,omitempty" min:"1" doc:"Steps that run when the run ends, however it ends, once a step began."`
	Outputs       []yaml.Pair     `yaml:"outputs,omitempty" name:"an output" hint:"write name: ${{ expression }} under it" doc:"Names and expressions: the result of the run, and of a step that calls the playbook."`
	Node          *yaml.Node      `what:"a playbook" write:"it begins with 'playbook: name' and has 'steps:'" large:"split it into playbooks that call each other" root:"true"`
}

// About is what people read of a playbook.
type About struct {
	Title      yaml.String   `yaml:"title,omitempty" doc:"What it is for, in a few words. 'validate' warns where it is missing."`
	Category   yaml.String   `yaml:"category,omitempty" enum:"deploy,monitor,troubleshoot,tune,emergency,backup,scale,routine" doc:"The kind of work, by which lists are sorted."`
	Purpose    yaml.String   `yaml:"purpose,omitempty" doc:"When to run it. 'validate' warns where it is missing."`
	Symptoms   []yaml.String `yaml:"symptoms,omitempty" doc:"What people see, by which they find it."`
	Expected   yaml.String   `yaml:"expected,omitempty" doc:"What is true after it. 'validate' warns where it is missing."`
	Escalation *Escalation   `yaml:"escalation,omitempty" doc:"Whom to call after how long."`
	Alerts     []yaml.String `yaml:"alerts,omitempty" doc:"The alerts that it answers."`
	SeeAlso    []yaml.String `yaml:"see_also,omitempty" doc:"Other playbooks."`
}

// Escalation is whom to call, and after which time.
type Escalation struct {
	After   yaml.Duration `yaml:"after" min:"1ms" hint:"say after which time to call, as 30m" doc:"How long to try before."`
	Contact yaml.String   `yaml:"contact" hint:"say whom to call" doc:"Whom to call."`
	Node    *yaml.Node    `what:"an escalation" write:"write {after: 30m, contact: on-call engineer}"`
}

// Prerequisite is a step that reads, or a text that nobody checks.
type Prerequisite struct {
	Text yaml.String `yaml:",short"`
	Step *Step       `yaml:",whole"` // nil: it is a text
}

// Parse returns the typed tree of a file and all of its mistakes, in the order
// of the file. The playbook is nil only if nothing can be made of the file; if
// the list has errors, it lacks what they concern.
func Parse(source *yaml.Source) (*Playbook, diag.List) {
	p := &Playbook{Source: source}
	list := yaml.Decode(source, p)
	if p.Node == nil {
		return nil, list
	}
	return p, p.unique(list)
}

// unique reports ids that are given twice in the file.
func (p *Playbook) unique(list diag.List) diag.List {
	var ids []yaml.String
	note := func(s *Step) {
		if s.ID.Set() {
			ids = append(ids, s.ID)
		}
	}
	for _, pre := range p.Prerequisites {
		if pre.Step != nil {
			pre.Step.each(note)
		}
	}
	for _, s := range slices.Concat(p.Steps, p.Finally) {
		s.each(note)
	}
	slices.SortFunc(ids, func(a, b yaml.String) int { return a.Span().Start.Compare(b.Span().Start) })
	first := make(map[string]yaml.String, len(ids))
	for _, id := range ids {
		at, twice := first[id.Value]
		if !twice {
			first[id.Value] = id
		} else if len(list) < yaml.MaxFaults {
			list.Add(diag.Diagnostic{
				Code: diag.CodeDuplicateID, Source: p.Source.Name, Span: id.Span(), Message: fmt.Sprintf("the id %q is given twice", id.Value),
				Hint:  "ids are unique in the file: name one of the steps otherwise",
				Notes: []diag.Note{{Span: at.Span(), Message: "it stands here first"}},
			})
		}
	}
	list.Sort()
	return list
}
