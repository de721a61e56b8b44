package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// server is the client of one target and what is said of it. Actions send
// their commands within ask.
type server struct {
	client   *goredis.Client
	life     context.Context // ends with Close
	end      context.CancelFunc
	inFlight sync.WaitGroup
	where    string // "redis at 10.0.4.12:6379"
	user     string
	password string // its name in brackets, or ""
}

const dialTimeout = 5 * time.Second

func serverOf(call action.Call) (*server, error) {
	s, err := action.Client(call, Target.Name, func() (*server, error) { return newServer(call) })
	if err != nil {
		return nil, &action.Failure{
			Applied: action.AppliedNot, What: err.Error(), Where: "redis", Final: true, Err: err,
			Do: []string{"correct the target " + call.Target.Name + " in runbook.yaml"},
		}
	}
	return s, nil
}

// newServer returns a client without connections. It never sends a command
// twice: what to retry is decided by the run.
func newServer(call action.Call) (*server, error) {
	var config targetConfig
	if err := schema.Decode(call.Target.Config, &config); err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	host, _, err := net.SplitHostPort(config.Address)
	if err != nil {
		return nil, fmt.Errorf("address %q of target %s is no host:port", config.Address, call.Target.Name)
	}
	s := &server{where: "redis at " + config.Address, user: config.Username}
	s.life, s.end = context.WithCancel(context.Background())
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	options := &goredis.Options{
		Dialer: s.dialing(dialer.DialContext),
		Addr:   config.Address, Username: config.Username, DB: config.DB,
		Protocol:                 2,
		MaxRetries:               -1,
		DialerRetries:            1,
		DialTimeout:              dialTimeout,
		ContextTimeoutEnabled:    true,
		PoolSize:                 16,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if config.Password != nil {
		options.Password, s.password = config.Password.Reveal(), config.Password.String()
	}
	if config.TLS {
		overTLS := &tls.Dialer{NetDialer: dialer, Config: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}
		options.Dialer = s.dialing(overTLS.DialContext)
	}
	// The library writes to standard error by itself; what it says there is in
	// the errors that it returns.
	logging.Disable()
	s.client = goredis.NewClient(options)
	if call.DryRun {
		s.client.AddHook(guard{})
	}
	call.Log.Debug("redis client", slog.String("address", config.Address))
	return s, nil
}

// dial opens a connection, as net.Dialer.DialContext does.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// dialing returns by, which also ends when the client is closed: the library
// dials in the background, on after the command that wanted the connection.
func (s *server) dialing(by dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.life, cancel)()
		return by(ctx, network, address)
	}
}

// ask lets do send commands and returns what it returns, or the error of ctx as
// soon as that ends. The library interrupts a command in flight at a deadline
// only, not when it is cancelled, and contexts of a lab have no deadline: what
// do still waits for then ends with the read timeout of the library, or with
// Close. do must not write to what its caller reads.
func ask[T any](ctx context.Context, s *server, do func(context.Context, *goredis.Client) (T, error)) (T, error) {
	type reply struct {
		value T
		err   error
	}
	replies := make(chan reply, 1)
	s.inFlight.Go(func() {
		value, err := do(ctx, s.client)
		replies <- reply{value, err}
	})
	select {
	case r := <-replies:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-replies:
		return r.value, r.err
	default:
		var none T
		return none, ctx.Err()
	}
}

// Close closes the connections, which ends what is in flight, and waits for it.
func (s *server) Close() error {
	s.end()
	err := s.client.Close()
	s.inFlight.Wait()
	if err != nil {
		return fmt.Errorf("close the client of %s: %w", s.where, err)
	}
	return nil
}
