package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const selection = 5 * time.Second // how long a server is looked for

// Server is the client of one target and what is said of it.
type Server struct {
	Client *driver.Client
	Where  string // "mongo at mongodb://mongo.example.net:27017"
	secret string // the uri's name in brackets, or ""
	clock  action.Clock
	watch  *watch

	database string // of the target; "" where it names none
}

// Of returns the client of call's target; an error is a Failure of its
// configuration.
func Of(call action.Call) (*Server, error) {
	s, err := action.Client(call, Target.Name, func() (*Server, error) { return newServer(call) })
	if err != nil {
		return nil, &action.Failure{
			Applied: action.AppliedNot, What: err.Error(), Where: "mongo", Final: true, Err: err,
			Do: []string{"correct the target " + call.Target.Name + " in runbook.yaml"},
		}
	}
	return s, nil
}

// newServer returns a client that looks for its servers in the background. It
// never sends a change twice: what to retry is decided by the run.
func newServer(call action.Call) (*Server, error) {
	var config targetConfig
	if err := schema.Decode(call.Target.Config, &config); err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	shown := showURI(config.URI.Reveal(), config.URI.String())
	client := options.Client().ApplyURI(config.URI.Reveal()).
		SetAppName("runbook").SetRetryWrites(false).SetMaxPoolSize(16).
		SetServerSelectionTimeout(selection).SetConnectTimeout(selection)
	s := &Server{Where: "mongo at " + shown, clock: call.Clock, watch: newWatch(call.DryRun), database: config.Database}
	client.SetMonitor(s.watch.commands()).SetServerMonitor(s.watch.heartbeats())
	if _, isSecret := call.Target.Config["uri"].(schema.Secret); isSecret {
		s.secret = config.URI.String()
	}
	var err error
	if s.Client, err = driver.Connect(client); err != nil {
		// The driver's text may quote a part of the connection string.
		return nil, fmt.Errorf("the uri of target %s is no valid connection string of MongoDB", call.Target.Name)
	}
	return s, nil
}

// Close ends the client's connections.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.Client.Disconnect(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("disconnect from %s: %w", s.Where, err)
	}
	return nil
}

// Send does what is asked of the server and turns its error into a Failure that
// says whether the server may have got it. ask is what is tried, for people:
// "find in mltb.tasks". In a dry run a command is refused unless it is on the
// list of reads.
func (s *Server) Send(ctx context.Context, ask string, do func(context.Context) error) error {
	started := s.clock.Now()
	guarded, op, end := s.watch.begin(ctx)
	defer end()
	err := do(guarded)
	if err == nil {
		return nil
	}
	var down errDown
	if cause := context.Cause(guarded); errors.Is(cause, action.ErrDryRun) || errors.As(cause, &down) {
		err = cause
	}
	return s.failed(ctx, attempt{ask: ask, sent: s.watch.wasSent(op), took: s.clock.Now().Sub(started)}, err)
}

// Command runs a command on a database and returns its reply.
func (s *Server) Command(ctx context.Context, database string, command bson.D) (reply bson.Raw, err error) {
	err = s.Send(ctx, command[0].Key, func(ctx context.Context) error {
		var err error
		reply, err = s.Client.Database(database).RunCommand(ctx, command).Raw()
		return err
	})
	return reply, err
}

// Admin runs a command on the database admin.
func (s *Server) Admin(ctx context.Context, command bson.D) (bson.Raw, error) {
	return s.Command(ctx, "admin", command)
}
