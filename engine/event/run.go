package event

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
)

// RunCreated heads every run: what is run, on what, by whom.
type RunCreated struct {
	Schema      int         `json:"schema"` // 1
	Run         string      `json:"run"`
	Playbook    string      `json:"playbook"`
	Title       string      `json:"title,omitempty"`
	Engine      string      `json:"engine"` // version
	User        string      `json:"user"`
	Trigger     Trigger     `json:"trigger,omitzero"`
	Host        string      `json:"host"`
	Sources     []Source    `json:"sources"`
	Environment Environment `json:"environment"`
	Inputs      []Input     `json:"inputs,omitempty"`
	Numbers     []Decided   `json:"numbers,omitempty"` // of the playbook's, those made of inputs and variables
	Effects     Effects     `json:"effects"`
	Assumes     []string    `json:"assumes,omitempty"` // prerequisites that are prose
	Escalation  *Escalation `json:"escalation,omitempty"`
	Expected    string      `json:"expected,omitempty"`
	SeeAlso     []string    `json:"see_also,omitempty"`
	Lock        []string    `json:"lock,omitempty"`       // without the environment's prefix
	Interrupts  []string    `json:"interrupts,omitempty"` // "app, if recover/2 is needed"; where it is known before
	DryRun      bool        `json:"dry_run,omitempty"`
	Offline     bool        `json:"offline,omitempty"`
	Command     Command     `json:"command"`
}

// SourceText is the text of a playbook, of which the header has the digest.
type SourceText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Source is a playbook's text by its digest.
type Source struct {
	Name     string `json:"name"`
	SHA256   string `json:"sha256"`
	Embedded bool   `json:"embedded,omitempty"`
}

// Environment is where a run acts.
type Environment struct {
	Name      string          `json:"name"`
	File      string          `json:"file,omitempty"` // runbook.yaml; "" without one
	Protected bool            `json:"protected,omitempty"`
	ByFlag    bool            `json:"by_flag,omitempty"` // chosen by --env
	Limit     []string        `json:"limit,omitempty"`   // by --limit, targets and groups
	Targets   []Target        `json:"targets,omitempty"`
	Vars      json.RawMessage `json:"vars,omitempty"`
}

// Target is a target that the playbook uses, with the address as it is shown.
type Target struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Address string   `json:"address"`
	Notes   []string `json:"notes,omitempty"`
}

// Input is an input's value.
type Input struct {
	Name    string          `json:"name"`
	Text    string          `json:"text"`
	Value   json.RawMessage `json:"value,omitempty"` // typed as declared
	Number  *Number         `json:"number,omitempty"`
	Default bool            `json:"default,omitempty"`
}

// Decided is a number of a playbook (how long, how often, how many at once) that was
// made of inputs and variables, when the run began, or the call.
type Decided struct {
	Step  Path            `json:"step,omitempty"` // "": of the playbook
	Key   string          `json:"key"`            // "within", "retry.attempts"
	From  string          `json:"from"`           // as it is written
	Text  string          `json:"text"`
	Value json.RawMessage `json:"value,omitempty"` // typed as the key; none where it is not known
}

// Effects counts a plan's worst case.
type Effects struct {
	Reads       int      `json:"reads"`
	Writes      int      `json:"writes"` // at most
	Destructive int      `json:"destructive"`
	Approvals   []string `json:"approvals,omitempty"`  // addresses of steps that ask
	OnFailure   int      `json:"on_failure,omitempty"` // writes more if it fails

	// More for each item of loops whose length is not known before.
	WritesEach      int `json:"writes_each,omitempty"`
	DestructiveEach int `json:"destructive_each,omitempty"`
}

// Escalation is whom to call and when.
type Escalation struct {
	After   time.Duration `json:"after"`
	Contact string        `json:"contact"`
}

// Command is what to print so that a reader can paste it.
type Command struct {
	Playbook string   `json:"playbook"`        // as the user named it
	Flags    []string `json:"flags,omitempty"` // --state-dir, --env and, last, -i; quoted for a shell
}

// Bare is the command without its inputs.
func (c Command) Bare() Command {
	if i := slices.Index(c.Flags, "-i"); i >= 0 {
		c.Flags = c.Flags[:i]
	}
	return c
}

// Report is the command that says what became of a run, where that one is kept.
func (c Command) Report(run string) string {
	return "runbook report " + run + c.kept()
}

// Close is the command that ends a run that did not end, and frees what it guards;
// TEXT is for the reader to write.
func (c Command) Close(run string) string {
	return "runbook runs close " + run + " --because TEXT" + c.kept()
}

// kept is the flag that says where runs are kept, if it was given.
func (c Command) kept() string {
	if i := slices.Index(c.Flags, "--state-dir"); i >= 0 {
		return " " + strings.Join(c.Flags[i:i+2], " ")
	}
	return ""
}

// Again is the command that repeats the run, for a shell.
func (c Command) Again() string {
	name := c.Playbook
	if strings.HasPrefix(name, "-") { // it would be a flag
		name = "./" + name
	}
	return strings.Join(append([]string{"runbook", "run", action.Quote(name)}, c.Flags...), " ")
}

// Plan is a chunk of the steps of a plan, in the order of the file.
type Plan struct {
	Steps  []Step `json:"steps"`
	Called []Step `json:"called,omitempty"` // of called playbooks: address, without indexes of items, title, brief and place
}

// StepKind is the body of a step.
type StepKind string

// The bodies of a step.
const (
	KindAction   StepKind = "action"
	KindBlock    StepKind = "block"
	KindRemedies StepKind = "remedies"
	KindCall     StepKind = "call"
	KindManual   StepKind = "manual"
)

// Step is what a report needs to know of a planned step.
type Step struct {
	Path     Path          `json:"path"`
	Kind     StepKind      `json:"kind"`
	Title    string        `json:"title,omitempty"`
	Brief    string        `json:"brief,omitempty"` // "docker.sample_stats app for 60s": action and parameters that are constant
	Action   string        `json:"action,omitempty"`
	Effect   action.Effect `json:"effect"`
	Asks     bool          `json:"asks,omitempty"`
	Loop     bool          `json:"loop,omitempty"`
	Place    string        `json:"place,omitempty"`
	Phase    Phase         `json:"phase,omitempty"`
	Remedy   int           `json:"remedy,omitempty"` // from 1: the how-manieth of its parent
	Parent   Path          `json:"parent,omitempty"` // the step around it
	Needs    []Path        `json:"needs,omitempty"`  // the steps beside it that it waits for directly
	Undoable bool          `json:"undoable,omitempty"`
}

// Name is how the step is called in a list: its title, else its brief.
func (s *Step) Name() string { return cmp.Or(s.Title, s.Brief) }

// Locks are the keys that were taken.
type Locks struct {
	Keys []string `json:"keys"`
}

// Owner is the process that runs it.
type Owner struct {
	PID    int    `json:"pid"`
	Host   string `json:"host"`
	User   string `json:"user"`
	Resume bool   `json:"resume,omitempty"`
}

// PhaseBegan begins undoing or `finally`.
type PhaseBegan struct {
	Name Phase `json:"name"` // Undo, Finally
}

// RunSuspended is the last fact of a run that waits or is in doubt.
type RunSuspended struct {
	RunFinished
}

// RunFinished is the last fact of a run. Its JSON is the last line of
// `--output json`, for every ending.
type RunFinished struct {
	Schema   int             `json:"schema"` // 1
	State    State           `json:"state"`
	ExitCode int             `json:"exit_code"`
	Outputs  json.RawMessage `json:"outputs,omitempty"`
	Found    []Found         `json:"found,omitempty"`
	Changes  []Change        `json:"changes"`
	Warnings []Finding       `json:"warnings"`
	Failure  *Failure        `json:"failure,omitempty"`
	Step     Path            `json:"step,omitempty"`   // that failed, waits or is in doubt
	Reason   string          `json:"reason,omitempty"` // "failed", "refused", "cancelled", "timed out", "SIGINT"
	Reached  Reached         `json:"reached"`
	Check    []string        `json:"check,omitempty"` // in doubt: what to look at
	Duration time.Duration   `json:"duration"`
	Dry      *DryCounts      `json:"dry,omitempty"`
	Closed   *Closed         `json:"closed,omitempty"`
}

// Found is an output of the playbook, as text and as it is shown.
type Found struct {
	Input
	Shown *ShownPart `json:"shown,omitempty"` // where that is more than the text
}

// Closed says that a person ended a run that was suspended or interrupted, without
// going on with it: what was in doubt stays so.
type Closed struct {
	By      string `json:"by"`
	Host    string `json:"host"`
	Because string `json:"because"`
	Was     State  `json:"was"`
}

// Change is an effect of the run and what is known of it.
type Change struct {
	Step    Path           `json:"step"`
	Item    string         `json:"item,omitempty"` // how the items are called that it is in, the innermost last
	Action  string         `json:"action"`
	Effect  action.Effect  `json:"effect"`
	Target  string         `json:"target,omitempty"`
	State   action.Applied `json:"state"`
	Summary string         `json:"summary,omitempty"`
	Verdict string         `json:"verdict,omitempty"` // of a remedy
	Undone  bool           `json:"undone,omitempty"`
	Phase   Phase          `json:"phase,omitempty"` // Finally; Undo: it is not counted
}

// Finding is a warning or failure with its place in the run.
type Finding struct {
	Step    Path   `json:"step"`
	Title   string `json:"title,omitempty"`
	Level   string `json:"level"` // "warn", "fail"
	Message string `json:"message"`
}

// Reached says what was not done, by address.
type Reached struct {
	NotChanged []Path `json:"not_changed,omitempty"` // changes that were planned and not made
	NotReached []Path `json:"not_reached,omitempty"` // steps
}

// DryCounts sums up a dry run.
type DryCounts struct {
	Executed  int `json:"executed"`
	Previewed int `json:"previewed"`
	Unknown   int `json:"unknown"`
	Skipped   int `json:"skipped"`
	Evaluated int `json:"conditions_evaluated"`
	Unknowns  int `json:"conditions_unknown"`
}

// Progress is how far an action is. Transient.
type Progress struct {
	action.Progress
	Total time.Duration `json:"duration,omitempty"` // where the parameters fix it (`for`)
}

// Poll is one look that did not yet hold. Transient.
type Poll struct {
	That   string        `json:"that"`
	Seen   string        `json:"seen"`
	Number *Number       `json:"number,omitempty"`
	Sides  *Comparison   `json:"compares,omitempty"`
	Left   time.Duration `json:"left"`
	Every  string        `json:"every,omitempty"` // as written
	Asked  string        `json:"asked,omitempty"` // instead: who is asked whether an effect was applied
}

// Log is a line of an action. Transient.
type Log struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}
