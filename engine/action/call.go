package action

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"runbook/engine/schema"
)

// Call is what an action is given beside its parameters.
type Call struct {
	Target   Target         // the resolved target; zero where the action has no TargetKind
	Clients  *Clients       // shared with other runs; never nil
	Log      *slog.Logger   // transient lines, shown with -vv; never nil
	Progress func(Progress) // transient; never nil, cheap, safe to call often
	Clock    Clock          // never nil
	DryRun   bool           // the client layer must refuse what is no read
	Hidden   []string       // variables that held secrets: no child process inherits them
	Confine  *Confine       // the client layer must refuse what leaves it; nil: nothing
	Run      string         // id of the run
	Step     string         // address of the step
	Subjects []Subject      // of a change that has them: what its intent names
	Again    bool           // of a change: a reply to it was lost, so that a part of it may be made
}

// Progress is how far a long action is: Done of Total (0: unknown) and a note.
type Progress struct {
	Done  int    `json:"done"`
	Total int    `json:"total,omitempty"`
	Note  string `json:"note,omitempty"` // "memory 91.5 %"
}

// Clock is the time of a run; tests and the lab inject their own.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until ctx ends, and returns ctx's error then.
	Sleep(ctx context.Context, d time.Duration) error
	// WithTimeout is context.WithTimeout on this clock.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// TargetKind is a kind of target: "docker", "redis". A family declares one as
// a var and its actions name it.
type TargetKind struct {
	Name    string
	Summary string
	Config  *schema.Type          // an Object: the keys under `targets:` in runbook.yaml
	Former  map[string]string     // names that keys had before, and those that they have now
	Local   map[string]any        // the configuration in the environment `local`; nil: none
	Here    func() map[string]any // in place of Local: what this machine says; nil: it says nothing
	// Everywhere gives an environment that names no such target one as in `local`.
	Everywhere bool
	// Parse takes apart what a configuration gives in one text, as a URL with a
	// password, when the environment is loaded and when its secrets are read. It
	// leaves alone what is not read yet, and its error, which is told at the first key of
	// Config, quotes no value. May be nil.
	Parse func(config map[string]any) (map[string]any, error)
	// Check says what of a configuration cannot work, as a file of certificates that is
	// not there. It is asked before the first step of a run that can reach the target, its
	// secrets being read, and opens no connection. May be nil.
	Check func(config map[string]any) error
	// Address gives the address to show, without passwords, and notes
	// ("project mltb"), from a configuration of type Config.
	Address func(config map[string]any) (address string, notes []string)
	// Requests says that a target lists requests under `reads` and `writes`; Programs is
	// the key under which it lists programs that read, "" where it has none.
	Requests bool
	Programs string
}

// ToRead says what to write so that a call is a read at a target of that name; nil
// where nothing makes it one.
func (k *TargetKind) ToRead(target string) []string {
	switch {
	case k == nil:
	case k.Programs != "":
		return []string{"if it only reads, list the beginning of its argv under `" + k.Programs + "` of the target " + target + " in runbook.yaml"}
	case k.Requests:
		return []string{"if it only reads, list the request under `reads` of the target " + target + " in runbook.yaml"}
	}
	return nil
}

// Target is one configured target of the environment.
type Target struct {
	Name    string // key under `targets:`; "docker"
	Kind    string // name of its TargetKind
	Config  map[string]any
	Address string // to show; no password in it
	Notes   []string
	Reads   []RequestRule // what counts as a read here although its protocol calls it a change
	Writes  []RequestRule // what destroys nothing here although its protocol says so
	// Programs are those that only read, by their argv.
	Programs []ProgramRule
}

// RequestRule is an entry of a target's `reads:` or `writes:`: a path, and what is
// asked for there.
type RequestRule struct {
	Path    string // "/api/search"; * stands for one segment
	Method  string // "POST"; "" where the body says what is asked for
	RPC     string // the method of a JSON-RPC call: "aria2.getVersion"
	GraphQL bool   // queries of GraphQL
}

// ConfigOf returns the configuration of a target as the struct of its family.
func ConfigOf[C any](target Target) (config C, err error) {
	if err := schema.Decode(target.Config, &config); err != nil {
		return config, fmt.Errorf("the configuration of target %s: %w", target.Name, err)
	}
	return config, nil
}

// Setting names a key of the target in runbook.yaml, for Reach.
func (c Call) Setting(key string) string {
	return key + " of the target " + c.Target.Name + " in runbook.yaml"
}

// LogRequest tells the log, which -vv shows, of one request of a client layer:
// what was asked, without any value of it, and how it ended.
func (c Call) LogRequest(kind, request, status string, took time.Duration) {
	c.Log.Debug(kind, "request", request, "status", status, "took", took.Round(time.Microsecond))
}
