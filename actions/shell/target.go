package shell

import (
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
	"runbook/internal/remote"
)

type targetConfig struct {
	Host string                 `yaml:"host,omitempty" doc:"Another host on which the programs run, as ssh://user@host:port; by default this machine."`
	Env  map[string]schema.Text `yaml:"env,omitempty" doc:"Variables of every program, over those that runbook was started with, or that another host gives; a step's own go before them. A program is looked for on the PATH of runbook, or of the other host."`
	Dir  string                 `yaml:"dir,omitempty" doc:"The directory that programs run in, and from which a step's own dir is taken; by default that of runbook, at another host that of the user."`
	remote.Access
}

// Target is the kind of target on which programs are started: this machine, or another
// host. The programs that it lists under reads are reads.
var Target = &action.TargetKind{
	Name:       "shell",
	Summary:    "Where programs are started: the machine that runbook runs on, or another host over ssh.",
	Config:     schema.Of(reflect.TypeFor[targetConfig]()),
	Local:      map[string]any{},
	Everywhere: true,
	Parse:      parse,
	Check:      endpoint.CheckOf[targetConfig],
	Address:    address,
	Programs:   "reads",
}

func address(config map[string]any) (string, []string) {
	var notes []string
	if dir, _ := config["dir"].(string); dir != "" {
		notes = []string{"in " + dir}
	}
	host, _ := config["host"].(string)
	if at, err := remote.ParseAddress(host); err == nil {
		return at.String(), notes
	}
	return "this machine", notes
}

// effect is what a call does: it reads by what the target lists. What stays after the
// program, what a standard input tells it, and another program than the argv shows
// make a change of it.
func effect(target action.Target, p RunParams) action.Effect {
	if p.mayDoMore() || !target.ReadsProgram(p.Argv, p.variables()) {
		return action.Write
	}
	return action.Read
}

// effectAtBest is the effect that a call may have of which not all is known.
func effectAtBest(target action.Target, p RunParams, _ []string) action.Effect {
	if p.mayDoMore() || !target.MayReadProgram(p.Argv, p.variables()) {
		return action.Write
	}
	return action.Read
}

// mayDoMore reports whether more than the argv says what is done.
func (p RunParams) mayDoMore() bool { return p.Detach || p.Stdin.Reveal() != "" }
