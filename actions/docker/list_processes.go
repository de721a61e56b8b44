package docker

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type listedProcess struct {
	PID        int      `yaml:"pid" doc:"As the host numbers it."`
	ParentPID  int      `yaml:"parent_pid" doc:"Of its parent, as the host numbers it."`
	User       string   `yaml:"user" doc:"Name or number of its user."`
	CPUPercent *float64 `yaml:"cpu_percent" doc:"Of one processor over its whole life; nil where ps does not say."`
	CPUTime    string   `yaml:"cpu_time" doc:"As ps has it, 00:01:02."`
	Command    string   `yaml:"command" doc:"Its command line, which may hold what somebody wrote there."`
}

type listProcessesOutputs struct {
	Processes []listedProcess `yaml:"processes" show:"first" doc:"By PID; at most 1000."`
	Count     int             `yaml:"count" doc:"How many."`
}

func (o listProcessesOutputs) Summary() string {
	return schema.HumanCount(int64(o.Count)) + " processes"
}

const mostProcesses = 1000

// ListProcesses lists what runs in a container, as docker top does.
var ListProcesses = action.New(action.Spec[one, listProcessesOutputs]{
	Name:    "docker.list_processes",
	Summary: "Lists the processes of one running container, by ps on its host.",
	Example: "action: docker.list_processes\nwith: {container: app}\nverify: ['none(outputs.processes, .command startsWith \"/tmp/\")']",
	Target:  Target,
	Effect:  action.Read,
	Run:     listProcesses,
})

func listProcesses(ctx context.Context, call action.Call, p one) (listProcessesOutputs, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return listProcessesOutputs{}, err
	}
	if !c.running() {
		return listProcessesOutputs{}, e.notRunning(c)
	}
	try, a := e.Try(ctx)
	r, err := e.API.ContainerTop(try, c.id, client.ContainerTopOptions{})
	if err != nil {
		return listProcessesOutputs{}, e.Failed(a, err, c)
	}
	o := listProcessesOutputs{Processes: []listedProcess{}, Count: len(r.Processes)}
	at := func(row []string, titles ...string) string {
		for i, title := range r.Titles {
			if slices.Contains(titles, title) && i < len(row) {
				return strings.TrimSpace(row[i])
			}
		}
		return ""
	}
	for _, row := range r.Processes[:min(len(r.Processes), mostProcesses)] {
		process := listedProcess{User: at(row, "UID", "USER"), CPUTime: at(row, "TIME"), Command: at(row, "CMD", "COMMAND")}
		process.PID, _ = strconv.Atoi(at(row, "PID"))
		process.ParentPID, _ = strconv.Atoi(at(row, "PPID"))
		if percent, err := strconv.ParseFloat(at(row, "C", "%CPU"), 64); err == nil {
			process.CPUPercent = &percent
		}
		o.Processes = append(o.Processes, process)
	}
	slices.SortFunc(o.Processes, func(a, b listedProcess) int { return a.PID - b.PID })
	return o, nil
}
