package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
)

type auditParams struct {
	Containers []string `yaml:"containers,omitempty" doc:"Names of containers or ids; empty: all that run, of the target's project where it has one."`
	Stopped    bool     `yaml:"stopped" default:"false" doc:"Also those that do not run."`
	Except     []string `yaml:"except,omitempty" doc:"Rules that are not asked, as read_only."`
	AtLeast    string   `yaml:"at_least" default:"low" enum:"low,medium,high,critical" doc:"Only findings of at least this severity."`
}

// Brief returns the containers.
func (p auditParams) Brief() string { return strings.Join(p.Containers, ", ") }

// Finding is one thing that is not as a rule would have it.
type Finding struct {
	Rule      string `yaml:"rule" doc:"Name of the rule, with its number in the benchmark: user 4.1, capabilities 5.4, privileged 5.5, host_folders 5.6, low_ports 5.8, host_network 5.10, memory 5.11, cpus 5.12, read_only 5.13, open_ports 5.14, host_pid 5.16, host_ipc 5.17, devices 5.18, propagation 5.20, host_uts 5.21, seccomp 5.22, new_privileges 5.26, health_check 5.27, pids 5.29, host_users 5.31, docker_socket 5.32."`
	Source    string `yaml:"source" doc:"Where it is from, as CIS Docker Benchmark 1.6.0, 5.5."`
	Severity  string `yaml:"severity" enum:"low,medium,high,critical" doc:"How bad it is."`
	Container string `yaml:"container" doc:"Name of the container."`
	Seen      string `yaml:"seen" doc:"What was seen."`
	Do        string `yaml:"do" doc:"What to do."`
}

type auditOutputs struct {
	Findings       []Finding      `yaml:"findings" show:"first" doc:"The worst first."`
	Count          int            `yaml:"count" doc:"How many."`
	ContainerCount int            `yaml:"container_count" doc:"How many containers were looked at."`
	BySeverity     map[string]int `yaml:"by_severity" doc:"How many of low, medium, high and critical."`
}

func (o auditOutputs) Summary() string {
	text := fmt.Sprintf("%d containers, %d findings", o.ContainerCount, o.Count)
	for _, severity := range []string{"critical", "high"} {
		if n := o.BySeverity[severity]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, severity)
		}
	}
	return text
}

// Audit looks for what makes containers easy to break out of, or to bring down.
var Audit = action.New(action.Spec[auditParams, auditOutputs]{
	Name:    "docker.audit",
	Summary: "Looks at containers for rights, mounts, ports and limits that the CIS Docker Benchmark warns of.",
	Example: "action: docker.audit\nwith: {at_least: high}\nverify: [outputs.count == 0]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     audit,
})

func audit(ctx context.Context, call action.Call, p auditParams) (auditOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return auditOutputs{}, err
	}
	for _, name := range p.Except {
		if !slices.ContainsFunc(rules(), func(r rule) bool { return r.name == name }) {
			return auditOutputs{}, e.WrongParam("except", "there is no rule "+name, "runbook actions docker.audit lists them")
		}
	}
	found, err := chosen(ctx, e, p)
	if err != nil {
		return auditOutputs{}, err
	}
	o := auditOutputs{Findings: []Finding{}, ContainerCount: len(found), BySeverity: map[string]int{"low": 0, "medium": 0, "high": 0, "critical": 0}}
	for _, c := range found {
		for _, f := range judge(c, p.Except) {
			if weight(f.Severity) >= weight(p.AtLeast) {
				o.Findings = append(o.Findings, f)
				o.BySeverity[f.Severity]++
			}
		}
	}
	o.Count = len(o.Findings)
	slices.SortStableFunc(o.Findings, func(a, b Finding) int { return cmp.Compare(weight(b.Severity), weight(a.Severity)) })
	return o, nil
}

// chosen are the containers to look at, by name.
func chosen(ctx context.Context, e *docker.Engine, p auditParams) ([]container.InspectResponse, error) {
	var all []container.InspectResponse
	for _, name := range p.Containers {
		c, err := e.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, c.Is())
	}
	if len(p.Containers) > 0 {
		return all, nil
	}
	list, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.API.ContainerList(ctx, client.ContainerListOptions{All: p.Stopped, Filters: e.InProject(nil)})
	})
	if err != nil {
		return nil, err
	}
	for _, s := range list.Items {
		try, a := e.Try(ctx)
		r, err := e.API.ContainerInspect(try, s.ID, client.ContainerInspectOptions{})
		switch {
		case err != nil && a.Status() == 404: // it is gone meanwhile
		case err != nil:
			return nil, e.Failed(a, err, nil)
		default:
			all = append(all, r.Container)
		}
	}
	slices.SortFunc(all, func(a, b container.InspectResponse) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func weight(severity string) int {
	return slices.Index([]string{"low", "medium", "high", "critical"}, severity)
}

// judge asks the rules about one container.
func judge(c container.InspectResponse, except []string) []Finding {
	if c.HostConfig == nil || c.Config == nil {
		return nil
	}
	var all []Finding
	for _, r := range rules() {
		if slices.Contains(except, r.name) {
			continue
		}
		for _, seen := range r.sees(c) {
			all = append(all, Finding{r.name, "CIS Docker Benchmark 1.6.0, " + r.cis, r.severity, strings.TrimPrefix(c.Name, "/"), seen, r.do})
		}
	}
	return all
}
