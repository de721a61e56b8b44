package mongo

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

// server is the client of one target and what is said of it.
type server struct {
	client *driver.Client
	where  string // "mongo at mongodb://mongo.example.net:27017"
	secret string // the uri's name in brackets, or ""
	dryRun bool
}

func serverOf(call action.Call) (*server, error) {
	s, err := action.Client(call, Target.Name, func() (*server, error) { return newServer(call) })
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
func newServer(call action.Call) (*server, error) {
	var config targetConfig
	if err := schema.Decode(call.Target.Config, &config); err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	shown := showURI(config.URI.Reveal(), config.URI.String())
	client := options.Client().ApplyURI(config.URI.Reveal()).
		SetAppName("runbook").SetRetryWrites(false).SetMaxPoolSize(16).
		SetServerSelectionTimeout(selection).SetConnectTimeout(selection)
	if call.DryRun {
		client.SetMonitor(monitor())
	}
	s := &server{where: "mongo at " + shown, dryRun: call.DryRun}
	if _, isSecret := call.Target.Config["uri"].(schema.Secret); isSecret {
		s.secret = config.URI.String()
	}
	var err error
	if s.client, err = driver.Connect(client); err != nil {
		// The driver's text may quote a part of the connection string.
		return nil, fmt.Errorf("the uri of target %s is no valid connection string of MongoDB", call.Target.Name)
	}
	return s, nil
}

// Close ends the client's connections.
func (s *server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("disconnect from %s: %w", s.where, err)
	}
	return nil
}

// admin runs a command on the database admin. In a dry run it is refused
// unless it is on the list of reads.
func (s *server) admin(ctx context.Context, command bson.D) (bson.Raw, error) {
	started := time.Now()
	guarded, end := ctx, func() {}
	if s.dryRun {
		guarded, end = guard(ctx)
	}
	defer end()
	reply, err := s.client.Database("admin").RunCommand(guarded, command).Raw()
	if refusal := context.Cause(guarded); err != nil && errors.Is(refusal, action.ErrDryRun) {
		err = refusal
	}
	if err != nil {
		return nil, s.failed(ctx, command[0].Key, time.Since(started), err)
	}
	return reply, nil
}
