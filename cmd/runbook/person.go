package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/launch"
	"runbook/engine/report"
	"runbook/engine/run"
	"runbook/engine/schema"
	"runbook/internal/console"
)

// errGone ends a question when the terminal is closed.
var errGone = errors.New("the terminal was closed before an answer")

// prompter asks the person at the terminal, one question at a time. Input that
// was typed before a question does not answer it.
type prompter struct {
	mu    sync.Mutex
	lines chan string // closed at the end of the input
	out   *console.Output
	draw  io.Writer // the screen of out
	user  string
	view  *report.Terminal // nil: plain lines or JSON
	fold  *follower
	page  report.Options
}

var _ run.Person = (*prompter)(nil)

// follower folds the facts of a run for prompts beside a view that keeps none.
type follower struct {
	mu  sync.Mutex
	run history.Run
}

func (f *follower) event(e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run.Apply(e)
}

// person returns who answers prompts: nobody without a terminal at the input
// and one to show them on.
func (a *app) person(view *report.Terminal, follow func(func(event.Event))) run.Person {
	out := a.Out
	if !out.Terminal() {
		out = a.Err
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) || !out.Terminal() {
		return nil
	}
	p := &prompter{lines: make(chan string, 1), out: out, draw: out.Screen(), user: who().User, view: view, page: a.page(out)}
	if view == nil {
		p.fold = &follower{}
		follow(p.fold.event)
	}
	go p.read()
	return p
}

// read hands on lines; one that nobody waits for takes the place of the last.
func (p *prompter) read() {
	defer close(p.lines)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		select {
		case p.lines <- in.Text():
		default:
		}
	}
}

// begin makes room for a question and forgets what was typed before it.
func (p *prompter) begin() (end func()) {
	p.mu.Lock()
	if p.view != nil {
		p.view.Suspend()
	}
	console.Forget(os.Stdin)
	select {
	case <-p.lines:
	default:
	}
	return func() {
		if p.view != nil {
			p.view.Resume()
		}
		p.mu.Unlock()
	}
}

// answer waits for a line; tick is called each second.
func (p *prompter) answer(ctx context.Context, tick func()) (string, error) {
	_ = p.out.Flush()
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case text, ok := <-p.lines:
			if !ok {
				return "", errGone
			}
			return strings.TrimSpace(text), nil
		case <-clock.C:
			tick()
		}
	}
}

// prompt is the question for an approval.
func (p *prompter) prompt(path event.Path, a *event.Approval) *report.Prompt {
	if p.view != nil {
		return p.view.Prompt(path, a)
	}
	p.fold.mu.Lock()
	defer p.fold.mu.Unlock()
	return report.NewPrompt(&p.fold.run, path, a, p.page)
}

// Approve implements run.Person: there is one person at the terminal.
func (p *prompter) Approve(ctx context.Context, path event.Path, a *event.Approval) iter.Seq2[run.Answer, error] {
	return func(yield func(run.Answer, error) bool) { yield(p.ask(ctx, path, a)) }
}

func (p *prompter) ask(ctx context.Context, path event.Path, a *event.Approval) (run.Answer, error) {
	answer := run.Answer{Answer: event.Answer{By: p.user}}
	defer p.begin()()
	q := p.prompt(path, a)
	if err := q.Show(p.draw); err != nil {
		return answer, errGone
	}
	for {
		text, err := p.answer(ctx, func() {
			if p.view != nil {
				_ = q.Refresh(p.draw)
			}
		})
		if err != nil {
			p.end()
			return answer, err
		}
		if p.view != nil {
			_ = q.Erase(p.draw)
		}
		if name := q.Name(); name != "" {
			answer.Approved = text == name
			return answer, nil
		}
		switch strings.ToLower(text) {
		case "y", "yes":
			answer.Approved = true
			return answer, nil
		case "d", "details":
			_, _ = io.WriteString(p.draw, strings.Join(q.Details(), "\n"))
			p.end()
			if err := q.Show(p.draw); err != nil {
				return answer, errGone
			}
			continue
		}
		return answer, nil
	}
}

// Report implements run.Person.
func (p *prompter) Report(ctx context.Context, path event.Path, m run.Manual) (map[string]any, error) {
	defer p.begin()()
	if err := report.Manual(p.draw, path, m.Title, m.Text, p.page); err != nil {
		return nil, errGone
	}
	got := map[string]any{}
	var fields []schema.Field
	if m.Step.Manual.Fields != nil {
		fields = m.Step.Manual.Fields.Fields
	}
	for _, f := range fields {
		v, err := p.field(ctx, f)
		if err != nil {
			return nil, err
		}
		got[f.Name] = v
	}
	if len(fields) == 0 {
		if err := p.confirm(ctx); err != nil {
			return nil, err
		}
	}
	got["by"], got["at"] = p.user, time.Now()
	return got, nil
}

// line asks for a line.
func (p *prompter) line(ctx context.Context, question string) (string, error) {
	if err := report.Ask(p.draw, question, p.page); err != nil {
		return "", errGone
	}
	text, err := p.answer(ctx, func() {})
	if err != nil {
		p.end()
	}
	return text, err
}

// end ends a line.
func (p *prompter) end() { _, _ = io.WriteString(p.draw, "\n") }

// confirm waits until the person says that it is done.
func (p *prompter) confirm(ctx context.Context) error {
	for {
		text, err := p.line(ctx, "  Done?  y yes   Ctrl-C stops the run  ")
		if err != nil {
			return err
		}
		if text = strings.ToLower(text); text == "y" || text == "yes" {
			return nil
		}
	}
}

// field asks for one value until it fits.
func (p *prompter) field(ctx context.Context, f schema.Field) (any, error) {
	for {
		text, err := p.line(ctx, fmt.Sprintf("  %s (%s)%s > ", f.Name, f.Takes(), lead(f.Doc)))
		if err != nil {
			return nil, err
		}
		if text == "" && !f.Required {
			return f.Default, nil
		}
		v, err := schema.ParseText(f.Type, text, false)
		if err == nil {
			v, err = schema.ConvertField(f, v)
		}
		if err == nil {
			return v, nil
		}
		_ = report.Ask(p.draw, "  "+launch.FirstFault(err), p.page)
		p.end()
	}
}

func lead(doc string) string {
	if doc == "" {
		return ""
	}
	return "  " + doc
}
