package main

import (
	"bytes"
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
	"runbook/internal/prompt"
)

// errGone ends a question when the terminal is closed.
var errGone = errors.New("the terminal was closed before an answer")

// errAhead sets a manual step aside for an approval, which is asked first.
var errAhead = errors.New("an approval is asked for first")

// prompter asks the person at the terminal, one question at a time, approvals before
// manual steps, which may take hours. Input that was typed before a question does not
// answer it.
type prompter struct {
	turns *prompt.Turns
	input input
	out   *console.Output
	draw  io.Writer      // the screen of out
	gone  chan os.Signal // the terminal has ended
	user  string
	view  *report.Terminal // nil: plain lines or JSON
	facts follower
	page  report.Options
}

var _ run.Person = (*prompter)(nil)

// follower folds the facts of a run for prompts. They come some time after they are
// journalled, and so perhaps after the question that is about them.
type follower struct {
	mu   sync.Mutex
	run  history.Run
	more chan struct{} // closed with the next fact, where somebody waits for it
}

func (f *follower) event(e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run.Apply(e)
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
}

// until waits until the step at path has begun for who follows the run.
func (f *follower) until(ctx context.Context, path event.Path) error {
	for {
		f.mu.Lock()
		s := f.run.Known(path)
		if s != nil && s.Detail != nil {
			f.mu.Unlock()
			return nil
		}
		if f.more == nil {
			f.more = make(chan struct{})
		}
		more := f.more
		f.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// person returns who answers prompts: nobody without a terminal at the input
// and one to show them on. The view follows the run already, so that it shows what a
// question comes after.
func (a *app) person(view *report.Terminal, follow func(func(event.Event))) run.Person {
	out := a.Out
	if !out.Terminal() {
		out = a.Err
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) || !out.Terminal() {
		return nil
	}
	p := &prompter{turns: prompt.NewTurns(), input: input{from: os.Stdin, typed: console.Typed(os.Stdin)}, out: out, draw: out.Screen(), gone: hangup(), user: who().User, view: view, page: a.page(out)}
	follow(p.facts.event)
	return p
}

// begin waits for its turn, and makes room for a question.
func (p *prompter) begin(approval bool) (end func()) {
	p.turns.Take(approval)
	if p.view != nil {
		p.view.Suspend()
	}
	return func() {
		if p.view != nil {
			p.view.Resume()
		}
		p.turns.Give()
	}
}

// answer shows a question and waits for its line: what was typed before it is shown is
// forgotten in that moment, and a line that comes when it was given up is for no other.
// tick is called each second, and what comes from ahead ends the question with errAhead.
func (p *prompter) answer(ctx context.Context, show func(io.Writer) error, ahead <-chan struct{}, tick func()) (string, error) {
	var question bytes.Buffer
	if err := show(&question); err != nil {
		return "", err
	}
	p.input.forget(func() { console.Forget(os.Stdin) })
	if _, err := p.draw.Write(question.Bytes()); err != nil {
		return "", errGone
	}
	_ = p.out.Flush()
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	line := p.input.await()
	for {
		select {
		case <-ctx.Done():
			p.input.leave()
			return "", context.Cause(ctx)
		case text, ok := <-line:
			if !ok {
				return "", errGone
			}
			p.input.answered()
			return strings.TrimSpace(text), nil
		case s := <-p.gone:
			p.input.leave()
			p.gone <- s // for the questions that follow
			return "", errGone
		case <-ahead:
			p.input.leave()
			return "", errAhead
		case <-clock.C:
			tick()
		}
	}
}

// prompt is the question for an approval.
func (p *prompter) prompt(path event.Path, a *event.Approval) *report.Prompt {
	p.facts.mu.Lock()
	defer p.facts.mu.Unlock()
	return report.NewPrompt(&p.facts.run, path, a, p.page)
}

// Approve implements run.Person: there is one person at the terminal.
func (p *prompter) Approve(ctx context.Context, path event.Path, a *event.Approval) iter.Seq2[run.Answer, error] {
	return func(yield func(run.Answer, error) bool) { yield(p.ask(ctx, path, a)) }
}

func (p *prompter) ask(ctx context.Context, path event.Path, a *event.Approval) (run.Answer, error) {
	answer := run.Answer{Answer: event.Answer{By: p.user}}
	if err := p.facts.until(ctx, path); err != nil {
		return answer, err
	}
	defer p.begin(true)()
	q := p.prompt(path, a)
	for {
		text, err := p.answer(ctx, q.Show, nil, func() {
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
			continue
		}
		return answer, nil
	}
}

// Report implements run.Person. What was answered stands when an approval comes
// between the questions.
func (p *prompter) Report(ctx context.Context, path event.Path, m run.Manual) (map[string]any, error) {
	got := map[string]any{}
	for {
		err := p.fill(ctx, path, m, got)
		if err == nil {
			got["by"], got["at"] = p.user, time.Now()
			return got, nil
		}
		if !errors.Is(err, errAhead) {
			return nil, err
		}
	}
}

// fill asks for the fields of a manual step that got lacks.
func (p *prompter) fill(ctx context.Context, path event.Path, m run.Manual, got map[string]any) error {
	if err := p.facts.until(ctx, path); err != nil {
		return err
	}
	defer p.begin(false)()
	if err := report.Manual(p.draw, path, m.Title, m.Text, p.page); err != nil {
		return errGone
	}
	fields := m.Step.Manual.Fields
	if fields == nil || len(fields.Fields) == 0 {
		_, err := p.until(ctx, "  Done?  y yes   Ctrl-C stops the run  ", func(text string) (any, error) {
			if text = strings.ToLower(text); text != "y" && text != "yes" {
				return nil, errors.New("y when it is done")
			}
			return text, nil
		})
		if err != nil {
			return err
		}
		fields = &schema.Type{}
	}
	for _, f := range fields.Fields {
		if _, answered := got[f.Name]; answered {
			continue
		}
		question := strings.TrimRight(fmt.Sprintf("  %s (%s)  %s", f.Name, prompt.Takes(f), f.Doc), " ") + " > "
		v, err := p.until(ctx, question, func(text string) (any, error) {
			if text == "" && !f.Required {
				return f.Default, nil
			}
			v, err := prompt.Read(f.Type, text, time.Now())
			if err == nil {
				v, err = schema.ConvertField(f, v)
			}
			return v, err
		})
		if err != nil {
			return err
		}
		got[f.Name] = v
	}
	return nil
}

// until asks until the answer is taken, and says why it is not.
func (p *prompter) until(ctx context.Context, question string, take func(text string) (any, error)) (any, error) {
	for {
		ask := func(to io.Writer) error { return report.Ask(to, question, p.page) }
		text, err := p.answer(ctx, ask, p.turns.Ahead(), func() {})
		if errors.Is(err, errAhead) {
			_ = report.Ask(p.draw, "(asked again after the approval that follows)", p.page)
		}
		if err != nil {
			p.end()
			return nil, err
		}
		v, wrong := take(text)
		if wrong == nil {
			return v, nil
		}
		_ = report.Ask(p.draw, "  "+launch.FirstFault(wrong), p.page)
		p.end()
	}
}

// end ends a line.
func (p *prompter) end() { _, _ = io.WriteString(p.draw, "\n") }
