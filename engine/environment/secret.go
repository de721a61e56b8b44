package environment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/file"
	"runbook/engine/redact"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// secretSource is where a secret's text comes from: exactly one of them.
type secretSource struct {
	env, file   string
	command     []string
	reads, weak bool
	place       string
}

// rightForm is how a secret is declared and named.
const rightForm = "write {secret: NAME} here, and NAME: {env: VARIABLE}, {file: PATH} or {command: [PROGRAM]} under secrets:"

// secret is the secret that a node names; Resolve reads it.
func (l *loader) secret(n *yaml.Node, e *Environment) any {
	if n.Kind != yaml.Scalar {
		l.fail(CodeNoSecret, n, "a secret is named here, and declared under secrets:", rightForm)
		return nil
	}
	if !l.declared(n.Text, n, e) {
		return nil
	}
	return schema.NewSecret(n.Text, "")
}

func (l *loader) declared(name string, at *yaml.Node, e *Environment) bool {
	if _, ok := e.sources[name]; ok {
		return true
	}
	other := "declare it under secrets: " + name + ": {env: VARIABLE}, {file: PATH} or {command: [PROGRAM]}"
	l.fail(CodeNoSecret, at, fmt.Sprintf("no secret %q is declared", name), meant(name, slices.Sorted(maps.Keys(e.sources)), other))
	return false
}

// composed is a text with ${{ secrets.name }} in it: a secret that is called by the
// names of those in it.
func (l *loader) composed(n *yaml.Node, e *Environment) any {
	var names []string
	for _, p := range parts(n.Text) {
		switch {
		case p.wrong != "":
			l.fail(CodeNoSecret, n, "${{ "+p.wrong+" }} is not known in "+l.source.Name, "only secrets are: \"Bearer ${{ secrets.NAME }}\"")
			return nil
		case p.secret != "" && !l.declared(p.secret, n, e):
			return nil
		case p.secret != "" && !slices.Contains(names, p.secret):
			names = append(names, p.secret)
		}
	}
	return schema.SecretOf(strings.Join(names, "+"), n.Text)
}

// part is a part of a text: as it stands, or the name of a secret, or an
// expression that is neither.
type part struct{ text, secret, wrong string }

func parts(text string) []part {
	var out []part
	for {
		before, rest, open := strings.Cut(text, "${{")
		out = append(out, part{text: before})
		if !open {
			return out
		}
		inner, after, closed := strings.Cut(rest, "}}")
		inner = strings.TrimSpace(inner)
		name, ok := strings.CutPrefix(inner, "secrets.")
		if !ok || !closed || name == "" || strings.ContainsAny(name, " .[(?+") {
			return append(out, part{wrong: inner})
		}
		out = append(out, part{secret: name})
		text = after
	}
}

// What other tools take for a variable of the process, and for a secret.
var (
	shellVariable = regexp.MustCompile(`\$\{\w+\}|^\$[A-Z_]+$`)
	unopened      = regexp.MustCompile(`(\$\{|(^|[^$])\{\{) *secrets?\.\w+ *\}`)
)

// notASecret reports a value of another form where a secret must or may stand.
func (l *loader) notASecret(n *yaml.Node, t *schema.Type) bool {
	switch {
	case n.Kind == yaml.Null:
		return false
	case t.Kind == schema.SecretKind:
		l.fail(CodeNoSecret, n, "a secret is never written here, but where it comes from", rightForm)
		return true
	case n.Kind == yaml.Scalar && (t.AcceptsSecret && shellVariable.MatchString(n.Text) || unopened.MatchString(n.Text)):
		l.fail(CodeNoSecret, n, "this would be sent as it stands, and is no secret", "write \"${{ secrets.NAME }}\" in the text, and NAME: {env: VARIABLE}, {file: PATH} or {command: [PROGRAM]} under secrets:")
		return true
	case n.Kind == yaml.Map && len(n.Pairs) == 1 && (t.AcceptsSecret && slices.Contains([]string{"file", "command"}, n.Pairs[0].Key.Text) || n.Pairs[0].Key.Text == "env"):
		l.fail(CodeNoSecret, n, "where a secret comes from is said under secrets:", rightForm)
		return true
	}
	return false
}

// Reach is what of an environment a run can reach; nil is all.
type Reach struct {
	Target func(action.Target) bool
	Var    func(name string) bool
	DryRun bool // starts no command for a secret that is not called a read
}

// Resolve reads the secrets of all that the run can reach, and puts them in their
// places. An error names the secret and its source, never its text.
func (e *Environment) Resolve(ctx context.Context, reach Reach) error {
	r := &resolver{Environment: e, ctx: ctx, dry: reach.DryRun, have: map[string]string{}}
	e.unread, e.pending = map[string]bool{}, map[string]schema.Unknown{}
	for i := range e.Targets {
		t := &e.Targets[i]
		if reach.Target != nil && !reach.Target(*t) {
			e.unread[t.Name] = true
			continue
		}
		got, err := r.fill(t.Config)
		if err != nil {
			return err
		}
		if u, ok := got.(schema.Unknown); ok {
			e.pending[t.Name] = u
			continue
		}
		t.Config, _ = got.(map[string]any)
		if err := e.address(t); err != nil {
			return fmt.Errorf("target %s in %s: %w", t.Name, e.File, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Vars)) {
		if reach.Var != nil && !reach.Var(name) {
			continue
		}
		got, err := r.fill(e.Vars[name])
		if err != nil {
			return err
		}
		e.Vars[name] = got
	}
	return nil
}

// resolver reads each secret once.
type resolver struct {
	*Environment
	ctx  context.Context
	dry  bool
	have map[string]string
}

// fill returns a value with the texts of its secrets. A value that lacks one, as
// its command is not started, is unknown as a whole.
func (r *resolver) fill(v any) (any, error) {
	var failed error
	got := r.filled(v, &failed)
	if u, ok := schema.UnknownIn(got); ok {
		return u, failed
	}
	return got, failed
}

func (r *resolver) filled(v any, failed *error) any {
	s, ok := v.(schema.Secret)
	switch {
	case !ok:
		return schema.Mapped(v, func(x any) any { return r.filled(x, failed) })
	case *failed != nil:
		return nil
	case s.Reveal() != "": // it stood in the file, as in the URL of an address
		r.Secrets = append(r.Secrets, s)
		return s
	}
	got, err := r.secret(s)
	*failed = err
	return got
}

// secret is the secret with the text that it names, or that its form composes.
func (r *resolver) secret(s schema.Secret) (any, error) {
	pieces := []part{{secret: s.Name()}}
	if s.Form() != "" {
		pieces = parts(s.Form())
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
		if p.secret == "" {
			continue
		}
		if source := r.sources[p.secret]; r.dry && len(source.command) > 0 && !source.reads {
			return schema.Unknown{Why: "the secret " + p.secret + " comes from a command, which a dry run does not start"}, nil
		}
		text, err := r.text(p.secret)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	return schema.NewSecret(s.Name(), b.String()), nil
}

func (r *resolver) text(name string) (string, error) {
	if text, ok := r.have[name]; ok {
		return text, nil
	}
	s := r.sources[name]
	text, err := s.read(r.ctx, r.Confine)
	switch {
	case err != nil:
	case text == "":
		err = errors.New("it is empty")
	case len(text) >= redact.MinLength:
	case s.weak:
		r.Weak = append(r.Weak, name)
	default:
		err = fmt.Errorf("it is shorter than %d bytes, too short to be kept out of what is shown: take a longer one, or add weak: true", redact.MinLength)
	}
	if err != nil {
		err = fmt.Errorf("secret %s, %s: %w", name, s.place, err)
		if s.file != "" {
			return "", &action.Failure{What: err.Error(), Do: []string{"ls -l " + action.Quote(s.file)}, Err: err}
		}
		return "", err
	}
	r.have[name] = text
	r.Secrets = append(r.Secrets, schema.NewSecret(name, text))
	return text, nil
}

// address takes the target's address apart, checks what it needs and names it afresh, as
// it may come from a secret. A password in it becomes a secret of the run.
func (e *Environment) address(t *action.Target) error {
	for _, k := range e.kinds {
		if k.Name != t.Kind {
			continue
		}
		if k.Parse != nil {
			config, err := k.Parse(t.Config)
			if err != nil {
				return err
			}
			for key, v := range config {
				before, _ := t.Config[key].(schema.Secret)
				if s, ok := v.(schema.Secret); ok && s != before {
					e.Secrets = append(e.Secrets, s)
				}
			}
			t.Config = config
		}
		if k.Check != nil {
			if err := k.Check(t.Config); err != nil {
				return err
			}
		}
		if k.Address != nil {
			t.Address, t.Notes = k.Address(t.Config)
		}
	}
	return nil
}

// read gets the text of a secret, without the line end that files, commands and
// shells put behind it.
func (s secretSource) read(ctx context.Context, confine *action.Confine) (string, error) {
	switch {
	case s.env != "":
		v, ok := os.LookupEnv(s.env)
		if !ok {
			return "", fmt.Errorf("$%s is not set", s.env)
		}
		return strings.TrimRight(v, "\r\n"), nil
	case s.file != "":
		text, err := file.Read(s.file, file.MostOfSecret)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	switch answer, err := confine.Program(s.command[0], action.Asked{Argv: s.command}); {
	case err != nil:
		return "", err
	case answer != nil && answer.ExitCode != 0:
		return "", fmt.Errorf("running %s: exit status %d", s.command[0], answer.ExitCode)
	case answer != nil:
		return strings.TrimRight(answer.Stdout, "\r\n"), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.command[0], slices.Clone(s.command[1:])...)
	cmd.WaitDelay = time.Second
	out := &bounded{most: file.MostOfSecret, end: cancel}
	cmd.Stdout = out
	err := cmd.Run()
	if out.over {
		return "", fmt.Errorf("%s was ended, as it writes more than %s, which is no secret", s.command[0], schema.HumanBytes(file.MostOfSecret))
	}
	if err != nil {
		return "", fmt.Errorf("running %s: %w", s.command[0], err)
	}
	return strings.TrimRight(out.text.String(), "\r\n"), nil
}

// bounded keeps what a command writes, and ends it where that is too much.
type bounded struct {
	text bytes.Buffer
	most int
	end  func()
	over bool
}

func (b *bounded) Write(text []byte) (int, error) {
	if b.over = b.over || b.text.Len()+len(text) > b.most; b.over {
		b.end()
		return len(text), nil
	}
	return b.text.Write(text)
}
