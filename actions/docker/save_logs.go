package docker

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type saveLogsParams struct {
	one
	To         string         `yaml:"to" min:"1" doc:"A new file of this machine; compressed where its name ends in .gz."`
	Since      *time.Duration `yaml:"since" min:"0s" doc:"Only lines of this last time; without it all."`
	Timestamps bool           `yaml:"timestamps" default:"true" doc:"Each line begins with its time."`
}

// Brief returns container and file.
func (p saveLogsParams) Brief() string { return p.Container + " to " + p.To }

type savedOutputs struct {
	Path      string `yaml:"path" doc:"The whole path of the file."`
	SizeBytes int64  `yaml:"size_bytes" doc:"Of the file."`
	SHA256    string `yaml:"sha256" doc:"Of the file."`
}

type saveLogsOutputs struct {
	savedOutputs
	LineCount int `yaml:"line_count" doc:"Lines of stdout and stderr."`
}

func (o saveLogsOutputs) Summary() string {
	return fmt.Sprintf("%s lines, %s to %s", schema.HumanCount(int64(o.LineCount)), schema.HumanBytes(float64(o.SizeBytes)), o.Path)
}

// SaveLogs keeps the log of a container in a file.
var SaveLogs = action.New(action.Spec[saveLogsParams, saveLogsOutputs]{
	Name:    "docker.save_logs",
	Summary: "Writes the whole log of one container to a new file of this machine, as evidence before it is made anew.",
	Example: "action: docker.save_logs\nwith: {container: app, to: \"data/logs/app-${{ run.id }}.log.gz\", since: 24h}\nverify: [outputs.line_count > 0]",
	Target:  Target,
	Effect:  action.Write,
	Run:     saveLogs,
	Preview: func(ctx context.Context, call action.Call, p saveLogsParams) (action.Preview, error) {
		to, err := NewArtifact(call, p.To)
		if err != nil {
			return action.Preview{}, err
		}
		_, c, err := openAndFind(ctx, call, p.Container)
		if err != nil {
			return action.Preview{}, err
		}
		return action.Preview{Summary: "write the log of container " + c.name + " to " + to.Path() + "; nothing changes at the engine", Touches: []action.Object{to.Object()}}, nil
	},
	Look: func(_ action.Call, p saveLogsParams, _ []action.Subject) string { return "ls -l " + action.Quote(p.To) },
})

func saveLogs(ctx context.Context, call action.Call, p saveLogsParams) (saveLogsOutputs, error) {
	to, err := NewArtifact(call, p.To)
	if err != nil {
		return saveLogsOutputs{}, action.NotApplied(err)
	}
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return saveLogsOutputs{}, action.NotApplied(err)
	}
	o := saveLogsOutputs{}
	o.Path = to.Path()
	o.SizeBytes, o.SHA256, err = to.Write(func(w io.Writer) error {
		out := &lineCount{to: w}
		if !strings.HasSuffix(p.To, ".gz") {
			err := e.copyLog(ctx, c, p, out)
			o.LineCount = out.lines
			return err
		}
		compressed := gzip.NewWriter(w)
		out.to = compressed
		if err := e.copyLog(ctx, c, p, out); err != nil {
			return err
		}
		o.LineCount = out.lines
		return compressed.Close()
	})
	return o, err
}

// copyLog copies a log as it comes.
func (e *Engine) copyLog(ctx context.Context, c *Container, p saveLogsParams, to io.Writer) error {
	options := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: p.Timestamps}
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
	if c.is.Config.Tty {
		_, err = io.Copy(to, stream)
	} else {
		err = demultiplex(to, to, stream)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return e.Failed(a, err, c)
}

// lineCount counts lines.
type lineCount struct {
	to    io.Writer
	lines int
}

// Write counts the ends of lines.
func (l *lineCount) Write(b []byte) (int, error) {
	l.lines += bytes.Count(b, []byte("\n"))
	return l.to.Write(b)
}
