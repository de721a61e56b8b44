package remote

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Program is a program to run at a host.
type Program struct {
	Argv           []string
	Env            []string // NAME=value, over those that the host gives
	Given          []string // the names of those in Env that are not of the target
	Dir            string   // from the user's own directory; "" is that
	Stdin          string
	Stdout, Stderr io.Writer
	Detach         bool          // what it starts may stay, and what it writes is seen up to its end
	Grace          time.Duration // between TERM and KILL when the context ends
	Linger         time.Duration // what it started may end so long after it
}

// Ending is how a program ended.
type Ending struct {
	Code   int      // 128 and its number after a signal
	Signal string   // "TERM"
	Left   []string // what it started, lived on and was ended, by command line
	Held   bool     // a process elsewhere still held its output
	After  string   // of one that was ended with the context: what became of it
}

// Run runs a program in a process group of its own at the host. When ctx ends the group
// gets TERM, and KILL after the grace: the error is that of ctx then. Any other error is
// a *action.Failure: not applied before the program was started, lost once it may have
// been. Where the connection is cut, or this process is killed, the program goes on.
func (h *Host) Run(ctx context.Context, p Program) (Ending, error) {
	if h.dryRun && (p.Detach || p.Stdin != "" || !h.target.ReadsProgram(p.Argv, p.Given)) {
		return Ending{}, action.RefusedInDryRun("ssh to " + h.where)
	}
	told, err := prelude(p)
	if err != nil {
		return Ending{}, h.refused(err.Error())
	}
	select {
	case h.sessions <- struct{}{}:
		defer func() { <-h.sessions }()
	case <-ctx.Done():
		return Ending{}, h.unreached(ctx, ctx.Err(), 0)
	}
	began := time.Now()
	s, err := h.begin(ctx)
	if err != nil {
		return Ending{}, err
	}
	defer s.close()
	go s.tell(told, p.Stdin)
	verdict, err := s.await(ctx)
	switch {
	case ctx.Err() != nil:
		return h.end(ctx, s, p)
	case err != nil && !s.ended():
		return Ending{}, h.lost(s, time.Since(began), err)
	case err != nil:
		f := h.refused("sh could not set the program up there")
		f.Seen = lines(s.said(), 5)
		return Ending{}, f
	case verdict == "dir":
		return Ending{}, h.refused(fmt.Sprintf("no directory %q there", p.Dir), h.at.command("ls -ld "+quoted(p.Dir)))
	case verdict == "program":
		return Ending{}, h.refused(fmt.Sprintf("no program %q there", p.Argv[0]), "install it there, or give its full path in argv", "the PATH there: "+h.at.command(`'echo $PATH'`))
	}
	return h.follow(ctx, s, p, began)
}

// follow reads what a started program writes until it ends.
func (h *Host) follow(ctx context.Context, s *session, p Program, began time.Time) (Ending, error) {
	s.read(p.Stdout, p.Stderr)
	select {
	case <-ctx.Done():
		return h.end(ctx, s, p)
	case <-s.over:
	case <-s.exited:
	}
	if !s.status.came {
		return Ending{}, h.lost(s, time.Since(began), io.ErrUnexpectedEOF)
	}
	e := Ending{Code: s.status.code, Signal: s.status.signal}
	e.Held = !s.drained(p.Linger)
	if !p.Detach {
		if e.Left, _ = h.sweep(ctx, s, "", p.Linger); len(e.Left) > 0 {
			e.Held = false
			s.drained(p.Linger)
		}
	}
	return e, nil
}

// end ends the process group of a program whose context ended.
func (h *Host) end(ctx context.Context, s *session, p Program) (Ending, error) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.Grace+connectWithin)
	defer cancel()
	_, gone := h.sweep(ending, s, "TERM", p.Grace)
	if s.drain == nil { // it may have started just then
		select {
		case <-s.words:
			s.read(p.Stdout, p.Stderr)
		case <-time.After(p.Linger):
		}
	}
	s.drained(p.Linger)
	e := Ending{Code: -1, After: "its process group was ended there"}
	if !gone {
		e.After = "it could not be ended, and may still run there as process " + s.process
	}
	return e, ctx.Err()
}

// lost is a program whose end was not seen.
func (h *Host) lost(s *session, took time.Duration, err error) *action.Failure {
	return &action.Failure{
		Applied: action.AppliedLost, Where: h.where, Err: err, Tried: "once, " + schema.HumanDuration(took),
		What: "the connection was cut before the program had ended; it may still run there as process " + s.process,
		Do:   []string{h.at.command("ps -fp " + s.process)},
	}
}

// sweep gives a process group of the host a signal, waits so long for its end, and
// kills what lives on, whose command lines it returns. gone says that nothing lives.
func (h *Host) sweep(ctx context.Context, s *session, signal string, wait time.Duration) (left []string, gone bool) {
	ask := func(conn *connection) error {
		other, err := h.open(ctx, conn, shell(sweeping, s.token, s.process, cmp.Or(signal, "0"), strconv.Itoa(int(wait/sweepEvery))))
		if err != nil {
			return err
		}
		defer other.channel.Close()
		defer context.AfterFunc(ctx, func() { other.channel.Close() })()
		text, err := io.ReadAll(io.LimitReader(other.channel, 1<<20))
		for line := range strings.Lines(string(text)) {
			_, line, _ = strings.Cut(line, s.token+" ")
			kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch kind {
			case "left":
				left = append(left, cut(rest, 60))
			case "gone":
				gone = true
			}
		}
		return err
	}
	if conn, err := h.connected(ctx); err == nil {
		err = ask(conn)
		if err == nil || signal == "" {
			return left, gone
		}
	}
	// The host may give a connection no second session.
	if conn, err := h.connect(ctx); err == nil {
		defer conn.Close()
		_ = ask(conn)
	}
	return left, gone
}

func newToken() string { return "runbook-" + strings.ToLower(rand.Text()[:16]) }

// cut shortens a command line, but not the number of its process behind it.
func cut(line string, width int) string {
	at := strings.LastIndex(line, " (pid ")
	if at <= width {
		return line
	}
	return strings.ToValidUTF8(line[:width], "") + "…" + line[at:]
}
