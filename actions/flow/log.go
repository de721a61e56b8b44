package flow

import (
	"context"
	"log/slog"

	"runbook/engine/action"
)

// LogParams are the parameters of flow.log.
type LogParams struct {
	Text  string `yaml:"text" doc:"What is said."`
	Level string `yaml:"level" default:"info" enum:"info,warn,error" doc:"How much it matters. No level makes the step fail."`
}

// Brief returns the level where it is not info.
func (p LogParams) Brief() string {
	if p.Level == "info" {
		return ""
	}
	return p.Level
}

// LogOutputs are the outputs of flow.log.
type LogOutputs struct {
	Text  string `yaml:"text" doc:"What was said."`
	Level string `yaml:"level" enum:"info,warn,error" doc:"Its level."`
}

// Summary returns what was said.
func (o LogOutputs) Summary() string { return o.Text }

// Log says something to the reader of the run and of its report.
var Log = action.New(action.Spec[LogParams, LogOutputs]{
	Name:    "flow.log",
	Summary: "Says something in the run and in its report.",
	Example: `
action: flow.log
with: {text: "Working in ${{ environment.name }}", level: info}
`,
	Effect: action.Read,
	Run:    log,
})

func log(ctx context.Context, call action.Call, p LogParams) (LogOutputs, error) {
	call.Log.Log(ctx, level(p.Level), p.Text)
	return LogOutputs(p), nil
}

func level(name string) slog.Level {
	switch name {
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
