package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const selection = 5 * time.Second // how long a server is looked for

// Server is one step's view of a target: the run's shared client, and what is
// said of it.
type Server struct {
	*pool
	call action.Call
}

// pool is the client of one target.
type pool struct {
	Client *driver.Client
	Where  string // "mongo at mongodb://mongo.example.net:27017"
	secret string // the uri's name in brackets, or ""
	watch  *watch

	database string // of the target; "" where it names none
}

// Of returns the client of call's target; an error is a Failure of its
// configuration.
func Of(call action.Call) (*Server, error) {
	p, err := action.Client(call, Target.Name, func() (*pool, error) { return newPool(call) })
	if err != nil {
		return nil, err
	}
	return &Server{pool: p, call: call}, nil
}

// newPool returns a client that looks for its servers in the background. It
// never sends a change twice: what to retry is decided by the run.
func newPool(call action.Call) (*pool, error) {
	config, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil {
		return nil, err
	}
	shown, _ := address(call.Target.Config)
	client := options.Client().ApplyURI(config.URI.Reveal()).
		SetAppName("runbook").SetRetryWrites(false).SetMaxPoolSize(16).
		SetServerSelectionTimeout(selection).SetConnectTimeout(selection)
	p := &pool{Where: "mongo at " + shown, watch: newWatch(call.DryRun), database: config.Database}
	client.SetLoggerOptions(options.Logger().SetSink(driverLog{}))
	client.SetMonitor(p.watch.commands()).SetServerMonitor(p.watch.heartbeats())
	if _, isSecret := call.Target.Config["uri"].(schema.Secret); isSecret {
		p.secret = config.URI.String()
	}
	if config.Given() {
		secure, err := config.TLS.Config()
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", call.Target.Name, err)
		}
		client.SetTLSConfig(secure)
	}
	if p.Client, err = driver.Connect(client); err != nil {
		// The driver's text may quote a part of the connection string.
		return nil, fmt.Errorf("the uri of target %s is no valid connection string of MongoDB", call.Target.Name)
	}
	return p, nil
}

// driverLog is where the driver tells what it does, if its user asks for that in
// the environment: the program's own log. The values, whole commands among them,
// are left out.
type driverLog struct{}

// Info logs a message.
func (driverLog) Info(_ int, message string, _ ...any) { slog.Debug(message, "by", "mongo-driver") }

// Error logs the message of an error.
func (driverLog) Error(err error, message string, _ ...any) {
	slog.Debug(message, "by", "mongo-driver", "error", err)
}

// Close ends the client's connections.
func (p *pool) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := p.Client.Disconnect(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("disconnect from %s: %w", p.Where, err)
	}
	return nil
}

// Send does what is asked of the server and turns its error into a Failure that
// says whether the server may have got it. ask is what is tried, for people:
// "find in mltb.tasks". In a dry run a command is refused unless it is on the
// list of reads.
func (s *Server) Send(ctx context.Context, ask string, do func(context.Context) error) error {
	began := s.call.Clock.Now()
	guarded, op, end := s.watch.begin(ctx, s.call)
	defer end()
	err := do(guarded)
	if err == nil {
		return nil
	}
	var down errDown
	if cause := context.Cause(guarded); errors.Is(cause, action.ErrDryRun) || errors.As(cause, &down) {
		err = cause
	}
	return s.failed(ctx, attempt{ask: ask, sent: s.watch.wasSent(op), took: s.call.Clock.Now().Sub(began)}, err)
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
