package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Codes of the server's errors, as its manual has them.
const (
	codeUnauthorized         = 13
	codeAuthenticationFailed = 18
	CodeNamespaceNotFound    = 26
	codeOptionsConflict      = 85
	codeKeySpecsConflict     = 86
	codeAtlasError           = 8000
	CodeDuplicateKey         = 11000
)

// interruptions are the codes after which a command may have done a part: the
// server stopped it, or stepped down.
var interruptions = []int32{24, 50, 91, 112, 189, 262, 10107, 11600, 11601, 11602, 13435, 13436}

// attempt is one thing that was asked of the server.
type attempt struct {
	ask  string // "find in mltb.tasks"
	sent bool   // the server may have got it
	took time.Duration
}

// failed says what became of what got no good answer. Its class is that of a
// change: not applied where nothing left or the server refused it.
func (s *Server) failed(ctx context.Context, a attempt, err error) error {
	code, name, message := Answer(err)
	if code == 0 && !strings.Contains(err.Error(), "auth error") {
		return s.unreachable(ctx, a, err)
	}
	f := &action.Failure{Where: s.Where, Err: err, Tried: fmt.Sprintf("%s, once, %s", a.ask, schema.HumanDuration(a.took)), Applied: action.AppliedLost}
	if !a.sent || !slices.Contains(interruptions, code) {
		f.Applied = action.AppliedNot
	}
	switch {
	case code == codeUnauthorized:
		f.What, f.Final = "the user may not do this (Unauthorized)", true
		f.Do = []string{"grant the user that uri names a role that has this: readWrite for documents and indexes, clusterMonitor for figures of the server"}
	case code == 0 || code == codeAuthenticationFailed || code == codeAtlasError:
		s.explainPassword(f)
	case name == "":
		f.What = fmt.Sprintf("the server refused it (code %d): %s", code, message)
	default:
		f.What = fmt.Sprintf("%s: %s", name, message)
	}
	return f
}

// unreachable is failed for what got no answer. While the driver looks for a
// server its errors quote the whole topology: the last look at it says why.
func (s *Server) unreachable(ctx context.Context, a attempt, err error) error {
	var down errDown
	switch last := s.watch.lastLook(); {
	case errors.As(err, &down):
		err = down.cause
	case !a.sent && last != nil && !action.Cancelled(ctx):
		ctx, err = context.WithoutCancel(ctx), last
	case driver.IsTimeout(err) || strings.Contains(err.Error(), "server selection"):
		err = context.DeadlineExceeded
	}
	_, host, _ := strings.Cut(s.Where, "://")
	f := action.Unreachable(ctx, err, action.Reach{
		Where: s.Where, Request: a.ask, Server: "MongoDB", Address: host, Setting: s.call.Setting("uri"), Took: a.took, Sent: a.sent,
	})
	if strings.Contains(f.What, "reports wire version") { // the words of the driver about a server that is too old or too new
		f.Final, f.Do = true, []string{"upgrade the server"}
	}
	return f
}

// Answer returns what the server said of a command or a write that it did not
// do, code 0 where it said nothing.
func Answer(err error) (code int32, name, message string) {
	var command driver.CommandError
	if errors.As(err, &command) {
		return command.Code, command.Name, command.Message
	}
	var write driver.WriteException
	if errors.As(err, &write) {
		for _, e := range write.WriteErrors {
			return int32(e.Code), "", e.Message
		}
		if e := write.WriteConcernError; e != nil {
			return int32(e.Code), e.Name, e.Message
		}
	}
	return 0, "", ""
}

func (s *Server) explainPassword(f *action.Failure) {
	f.What, f.Final = "the credentials were refused (AuthenticationFailed)", true
	if s.secret != "" {
		f.Tried = "to log in with " + s.secret + ", once"
	}
	f.Do = []string{"check user, password and authSource in uri of the target in runbook.yaml"}
}

// Refusal is a change that is not made because it would do what it was not
// meant to.
func (s *Server) Refusal(what string, do ...string) error {
	return &action.Failure{Applied: action.AppliedNot, Where: s.Where, What: what, Tried: "to look first, and nothing more", Do: do, Final: true}
}

// HasCode reports whether the server answered with the code.
func HasCode(err error, code int32) bool {
	got, _, _ := Answer(err)
	return got == code
}
