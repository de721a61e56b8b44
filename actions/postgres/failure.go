package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// codeOf is the SQLSTATE of an answer, "" where the server gave none.
func codeOf(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// failed says what became of a transaction: until its commit was sent the server keeps
// nothing of it, whatever was answered.
func (s *server) failed(ctx context.Context, tried string, took time.Duration, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		return action.NotApplied(err)
	}
	var before unsent
	known := errors.As(err, &before)
	var answer *pgconn.PgError
	var old errOld
	f := &action.Failure{Applied: action.AppliedLost, Where: s.where, Err: err, Tried: tried + ", once, " + schema.HumanDuration(took)}
	if known {
		f.Applied = action.AppliedNot
	}
	switch {
	case errors.As(err, &answer):
		f.Applied = action.AppliedNot
		s.explain(ctx, f, answer, took)
	case errors.As(err, &old):
		f.What, f.Final, f.Do = old.Error(), true, []string{"update the server; or use shell.run with a psql of its version"}
	case strings.Contains(err.Error(), "server refused TLS"):
		f.What, f.Final, f.Do = "the server does not speak TLS", true, []string{"set ssl = on at the server; or ?sslmode=disable in " + s.call.Setting("uri") + ", if nobody listens on the way"}
	default:
		u := action.Unreachable(ctx, plain(err), action.Reach{
			Where: s.where, Request: tried, Server: "PostgreSQL", Address: s.address, Setting: s.call.Setting("uri"), Took: took, Sent: !known,
		})
		u.Err = err
		if strings.HasPrefix(u.What, "the server closed") {
			u.Do = append(u.Do, "check whether PostgreSQL listens there, and whether it speaks TLS: sslmode in "+s.call.Setting("uri"))
		}
		return u
	}
	return f
}

// plain is the cause of a failed connection, without the driver's words around it, in which
// all hosts that were tried are listed.
func plain(err error) error {
	var failed *pgconn.ConnectError
	if !errors.As(err, &failed) {
		return err
	}
	inner := failed.Unwrap()
	var many interface{ Unwrap() []error }
	for errors.As(inner, &many) {
		all := many.Unwrap()
		if len(all) == 0 {
			return inner
		}
		inner = all[len(all)-1]
	}
	return inner
}

func (s *server) explain(ctx context.Context, f *action.Failure, answer *pgconn.PgError, took time.Duration) {
	f.What = answer.Message + " (" + answer.Code + ")"
	switch class := answer.Code[:min(2, len(answer.Code))]; {
	case answer.Code == "28P01" || answer.Code == "28000" && strings.Contains(answer.Message, "password"):
		f.Final = true
		if s.password == "" {
			f.What, f.Do = "the server asks for a password ("+answer.Code+")", []string{"set password of the target in runbook.yaml, as {secret: postgres_password}"}
			return
		}
		f.What, f.Tried = "the password was refused ("+answer.Code+")", "login as "+s.config.User+" with "+s.password+", once, "+schema.HumanDuration(took)
		f.Do = []string{"check the secret that password of the target in runbook.yaml names"}
	case class == "28":
		f.Final, f.Do = true, []string{"allow this user from this host in pg_hba.conf of the server"}
	case answer.Code == "3D000":
		f.Final, f.Do = true, []string{"correct the database in " + s.call.Setting("uri")}
	case answer.Code == "57014" && ctx.Err() != nil, answer.Code == "57014" && strings.Contains(answer.Message, "statement timeout"):
		f.What, f.Do = "no answer in "+schema.HumanDuration(took)+": the server gave the statement up (57014)", []string{"look who is in its way with postgres.activity", "raise the step's timeout"}
	case answer.Code == "55P03":
		f.Do = []string{"look who holds the lock with postgres.activity: blocked_by"}
	case answer.Code == "25006":
		f.Final, f.Do = true, []string{"use postgres.execute for what changes something; a standby takes no change at all"}
	case answer.Code == "25001":
		f.Final, f.Do = true, []string{"use shell.run with psql: this statement runs outside of a transaction only"}
	case answer.Code == "42501":
		f.Final, f.Do = true, []string{"grant it to the user " + s.config.User + ", or use another target"}
	case class == "42", class == "22":
		f.Final = true
		f.Do = []string{"correct sql"}
		if answer.Hint != "" {
			f.Do[0] += ": " + answer.Hint
		}
	case class == "23":
		f.Final, f.Do = true, []string{"look at the rows that are in its way with postgres.query"}
		if answer.Detail != "" {
			f.Seen = append(f.Seen, answer.Detail)
		}
	case class == "53", class == "57":
		f.Do = []string{"look at the log of the server", "try again"}
	default:
		f.Do = []string{"look the code up in the manual of PostgreSQL, Error Codes"}
	}
}
