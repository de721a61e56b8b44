package docker

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/lines"
)

type logsParams struct {
	one
	Tail   int            `yaml:"tail" default:"200" min:"1" max:"1000000" doc:"How many of the last lines to read."`
	Since  *time.Duration `yaml:"since" min:"0s" doc:"Only lines of this last time."`
	Count  []string       `yaml:"count,omitempty" max:"50" doc:"Texts; the lines in which each occurs are counted."`
	Regexp bool           `yaml:"regexp" default:"false" doc:"The texts of count are regular expressions (RE2)."`
}

func (p logsParams) Brief() string { return fmt.Sprintf("%s, last %d lines", p.Container, p.Tail) }

type logsOutputs struct {
	Lines      []string       `yaml:"lines" show:"last" doc:"Of stdout and stderr, at most 1 MiB of the last; a line at most 16 KiB. A mark stands for what was cut."`
	TotalLines int            `yaml:"total_lines" doc:"Lines read, also those that were cut from lines."`
	Counts     map[string]int `yaml:"counts" doc:"For each text of count the lines in which it occurs."`
	Matches    int            `yaml:"matches" doc:"Lines in which at least one text of count occurs."`
	Truncated  bool           `yaml:"truncated" doc:"Something was cut from lines; counts are of everything read."`
}

func (o logsOutputs) Summary() string {
	text := schema.HumanCount(int64(o.TotalLines)) + " lines"
	if o.TotalLines == 1 {
		text = "1 line"
	}
	if len(o.Counts) > 0 {
		text += ", " + schema.HumanCount(int64(o.Matches)) + " match"
	}
	return text
}

// Logs reads the last lines of a container's log and counts texts in them.
var Logs = action.New(action.Spec[logsParams, logsOutputs]{
	Name:    "docker.logs",
	Summary: "Reads the last log lines of one container and counts the lines with given texts.",
	Example: "action: docker.logs\nwith: {container: app, tail: 1000, count: [OutOfMemory, MemoryError]}\nverify: [outputs.matches == 0]",
	Target:  Target,
	Effect:  action.Read,
	Run:     logs,
})

func logs(ctx context.Context, call action.Call, p logsParams) (logsOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return logsOutputs{}, err
	}
	tail, err := lines.NewTail(p.Count, p.Regexp)
	if err != nil {
		return logsOutputs{}, e.WrongParam("count", err.Error())
	}
	c, err := e.Find(ctx, p.Container)
	if err != nil {
		return logsOutputs{}, err
	}
	if err := e.readLog(ctx, c, p, tail); err != nil {
		return logsOutputs{}, err
	}
	f := tail.Found()
	return logsOutputs{Lines: f.Lines, TotalLines: f.Total, Counts: f.Counts, Matches: f.Matches, Truncated: f.Truncated}, nil
}

func (e *Engine) readLog(ctx context.Context, c *Container, p logsParams, tail *lines.Tail) error {
	options := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(p.Tail)}
	if p.Since != nil {
		since := e.call.Clock.Now().Add(-*p.Since)
		options.Since = fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond())
	}
	ctx, a := e.Try(ctx)
	stream, err := e.API.ContainerLogs(ctx, c.id, options)
	if err != nil {
		return e.Failed(a, err, c)
	}
	defer stream.Close()
	out, errs := lines.NewWriter(tail), lines.NewWriter(tail)
	if c.is.Config.Tty {
		_, err = io.Copy(out, stream)
	} else {
		err = demultiplex(out, errs, stream)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	out.Close()
	errs.Close()
	return e.Failed(a, err, c)
}
