package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	maxNoise  = 1 << 20         // what a profile may write before we are at work
	sayWithin = 2 * time.Second // until an ended session has said all
)

// session is a program of a host, seen from here.
type session struct {
	channel ssh.Channel
	out     *bufio.Reader
	token   string
	process string // its number there, that of its group

	exited chan struct{} // closed when its status came
	over   chan struct{} // closed when the host says no more, or the connection is cut
	status status        // to be read after one of the two

	words  chan string // that the host says before the program starts
	noise  strings.Builder
	drain  chan struct{} // closed when both outputs have ended
	latest atomic.Int64  // when something was last read

	mu   sync.Mutex
	shut bool // nothing more is written to the outputs
}

// status is what the host says of the end of a program.
type status struct {
	came   bool
	code   int
	signal string
}

// open starts a command line at the host.
func (h *Host) open(ctx context.Context, conn *connection, line string) (*session, error) {
	type opened struct {
		s   *session
		err error
	}
	done := make(chan opened, 1)
	go func() {
		channel, requests, err := conn.OpenChannel("session", nil)
		if err != nil {
			done <- opened{err: err}
			return
		}
		s := &session{channel: channel, out: bufio.NewReaderSize(channel, 32<<10), exited: make(chan struct{}), over: make(chan struct{})}
		go s.watch(requests)
		ok, err := channel.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{line}))
		if err == nil && !ok {
			err = errors.New("the host starts no programs for this user")
		}
		if err != nil {
			channel.Close()
		}
		done <- opened{s, err}
	}()
	select {
	case o := <-done:
		return o.s, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.s.channel.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// begin starts the shell that is to become the program, and waits until it listens:
// nothing of the program is sent before.
func (h *Host) begin(ctx context.Context) (*session, error) {
	began, token := time.Now(), newToken()
	s, err := again(ctx, h, func(conn *connection) (*session, error) { return h.open(ctx, conn, shell(beginning, token)) })
	if err != nil {
		return nil, h.unreached(ctx, err, time.Since(began))
	}
	s.token, s.words = token, make(chan string, 1)
	stop := context.AfterFunc(ctx, func() { s.channel.Close() })
	word, err := s.word()
	if !stop() {
		s.channel.Close()
		return nil, h.unreached(ctx, ctx.Err(), time.Since(began))
	}
	kind, process, _ := strings.Cut(word, " ")
	if err != nil || kind != "ready" || strings.Trim(process, "0123456789") != "" || process == "" {
		defer s.channel.Close()
		if !s.ended() {
			return nil, h.unreached(ctx, io.EOF, time.Since(began))
		}
		f := h.refused("the host does not start sh for "+h.at.User, h.at.command("sh -c true"))
		f.Seen = lines(s.noise.String()+s.said(), 5)
		return nil, f
	}
	s.process = process
	return s, nil
}

// watch takes what the host says of the end of the program.
func (s *session) watch(requests <-chan *ssh.Request) {
	defer close(s.over)
	for r := range requests {
		var exit struct{ Code uint32 }
		var signal struct {
			Name    string
			Core    bool
			Message string
			Lang    string
		}
		switch {
		case s.status.came:
		case r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &exit) == nil:
			s.status = status{came: true, code: int(exit.Code)}
			close(s.exited)
		case r.Type == "exit-signal" && ssh.Unmarshal(r.Payload, &signal) == nil:
			s.status = status{came: true, code: -1, signal: signal.Name}
			close(s.exited)
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

// ended reports whether the host says that the program has ended, which a connection
// that is cut does not.
func (s *session) ended() bool {
	select {
	case <-s.over:
	case <-s.exited:
	case <-time.After(sayWithin):
		return false
	}
	return s.status.came
}

// said is what an ended program wrote to its standard error.
func (s *session) said() string {
	text := make(chan string, 1)
	go func() {
		read, _ := io.ReadAll(io.LimitReader(s.channel.Stderr(), 4096))
		text <- string(read)
	}()
	select {
	case said := <-text:
		return said
	case <-time.After(sayWithin):
		return ""
	}
}

// tell sends the line that the shell waits for, and then the input of the program.
func (s *session) tell(line, stdin string) {
	if _, err := io.WriteString(s.channel, line+"\n"); err == nil {
		_, _ = io.WriteString(s.channel, stdin)
	}
	_ = s.channel.CloseWrite()
}

// word reads up to a line of ours, and returns it without the token.
func (s *session) word() (string, error) {
	for s.noise.Len() < maxNoise {
		line, err := s.out.ReadString('\n')
		before, ours, is := strings.Cut(line, s.token+" ")
		s.noise.WriteString(before)
		if is && err == nil {
			return strings.TrimSuffix(ours, "\n"), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("more than %d bytes before the program", maxNoise)
}

// await returns what becomes of the program: "start", or what is missing.
func (s *session) await(ctx context.Context) (string, error) {
	failed := make(chan error, 1)
	go func() {
		word, err := s.word()
		if err != nil {
			failed <- err
			return
		}
		s.words <- word
	}()
	select {
	case word := <-s.words:
		return word, nil
	case err := <-failed:
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// read copies the outputs of a started program.
func (s *session) read(stdout, stderr io.Writer) {
	s.drain = make(chan struct{})
	ended := make(chan struct{})
	s.latest.Store(time.Now().UnixNano())
	go func() {
		defer close(ended)
		errs := bufio.NewReader(s.channel.Stderr())
		for { // up to ours it is a profile's
			line, err := errs.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasSuffix(line, s.token+" start\n") {
				break
			}
		}
		s.copy(stderr, errs)
	}()
	go func() {
		defer close(s.drain)
		s.copy(stdout, s.out)
		<-ended
	}()
}

func (s *session) copy(to io.Writer, from io.Reader) {
	text := make([]byte, 32<<10)
	for {
		n, err := from.Read(text)
		s.latest.Store(time.Now().UnixNano())
		s.mu.Lock()
		if !s.shut {
			_, _ = to.Write(text[:n])
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// close lets go of the program; what it still writes is read by nobody.
func (s *session) close() {
	s.channel.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
}

// drained waits until the outputs have ended; it returns false once nothing came for so
// long.
func (s *session) drained(idle time.Duration) bool {
	if s.drain == nil {
		return true
	}
	for {
		silent := time.Since(time.Unix(0, s.latest.Load()))
		select {
		case <-s.drain:
			return true
		case <-time.After(max(idle-silent, time.Millisecond)):
			if time.Since(time.Unix(0, s.latest.Load())) >= idle {
				return false
			}
		}
	}
}

// lines are the last lines of a text.
func lines(text string, n int) []string {
	all := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	return all[max(0, len(all)-n):]
}
