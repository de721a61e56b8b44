package docker

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

var (
	waitPath         = regexp.MustCompile(`/containers/[^/]+/wait$`)
	attachSocketPath = regexp.MustCompile(`/attach/ws$`)
	execPath         = regexp.MustCompile(`/containers/[^/]+/exec$`)
	startPath        = regexp.MustCompile(`/exec/([^/]+)/start$`)
)

// guard is the client layer of a dry run: it passes what is a read, and refuses all
// else before a byte is sent. The client calls it for hijacked connections too.
type guard struct{ target action.Target }

// pass is a hook of the client. It passes GET and HEAD, but not an attachment over a
// websocket, the wait for a container, and an exec of a program that the target lists.
func (g guard) pass(r *http.Request) error {
	switch {
	case r.Method == http.MethodHead:
		return nil
	case r.Method == http.MethodGet && !attachSocketPath.MatchString(r.URL.Path):
		return nil
	case r.Method != http.MethodPost:
	case waitPath.MatchString(r.URL.Path), g.reads(r):
		return nil
	}
	return action.RefusedInDryRun("Docker " + r.Method + " " + unversioned(r.URL.Path))
}

// reads reports whether a request makes an exec of a program that the target lists, or
// starts it and waits for it.
func (g guard) reads(r *http.Request) bool {
	asked, _ := r.Context().Value(askedKey{}).(*asked)
	if asked == nil || asked.options.Privileged || asked.options.AttachStdin {
		return false
	}
	names := make([]string, len(asked.options.Env))
	for i, variable := range asked.options.Env {
		names[i], _, _ = strings.Cut(variable, "=")
	}
	starts := startPath.FindStringSubmatch(r.URL.Path)
	return (execPath.MatchString(r.URL.Path) || starts != nil && starts[1] == asked.id) && g.target.ReadsProgram(asked.options.Cmd, names)
}

// asked is what an exec is made of. It travels in the context of the calls of the
// client, which shows its hooks no body.
type asked struct {
	options client.ExecCreateOptions
	id      string // of the exec, once it is made
}

type askedKey struct{}

// create makes an exec in a container, and returns the context in which it is started.
func (e *Engine) create(ctx context.Context, c *Container, options client.ExecCreateOptions) (context.Context, string, error) {
	what := &asked{options: options}
	ctx = context.WithValue(ctx, askedKey{}, what)
	try, a := e.Try(ctx)
	made, err := e.API.ExecCreate(try, c.id, options)
	if err != nil {
		return nil, "", e.Failed(a, err, c)
	}
	what.id = made.ID
	return ctx, made.ID, nil
}
