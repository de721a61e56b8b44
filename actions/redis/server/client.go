package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"runbook/engine/action"
)

// Server is one step's view of a target: the run's shared client, and what is
// said of it. Actions send their commands within Ask.
type Server struct {
	*pool
	Call action.Call
}

// pool is the client of one target.
type pool struct {
	Client   *goredis.Client
	life     context.Context // ends with Close
	end      context.CancelFunc
	inFlight sync.WaitGroup
	mu       sync.Mutex
	own      map[string]bool // the addresses of our ends of connections
	program  string          // "Redis", or "Sentinel"
	address  string
	user     string
	password string // its name in brackets, or ""
	Where    string // "redis at 10.0.4.12:6379"
}

const dialTimeout = 5 * time.Second

// Of returns the server of call's target.
func Of(call action.Call) (*Server, error) { return open(call, Target, "Redis") }

// Sentinel returns the Sentinel of call's target, which speaks as a Redis server does.
func Sentinel(call action.Call) (*Server, error) { return open(call, SentinelTarget, "Sentinel") }

func open(call action.Call, kind *action.TargetKind, program string) (*Server, error) {
	p, err := action.Client(call, kind.Name, func() (*pool, error) { return newPool(call, kind.Name, program) })
	if err != nil {
		return nil, err
	}
	return &Server{pool: p, Call: call}, nil
}

// newPool returns a client without connections. It never sends a command twice:
// what to retry is decided by the run.
func newPool(call action.Call, kind, program string) (*pool, error) {
	var err error
	if call.Target.Config, err = parse(call.Target.Config); err != nil {
		return nil, fmt.Errorf("target %s: %w", call.Target.Name, err)
	}
	config, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil {
		return nil, err
	}
	at := config.Address.Reveal()
	if !isAddress(at) {
		return nil, errAddress
	}
	p := &pool{own: map[string]bool{}, program: program, address: at, Where: kind + " at " + at, user: cmp.Or(config.Username, "default")}
	p.life, p.end = context.WithCancel(context.Background())
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	options := &goredis.Options{
		Dialer: p.dialing(dialer.DialContext),
		Addr:   at, Username: config.Username, DB: config.DB,
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
		options.Password, p.password = config.Password.Reveal(), config.Password.String()
	}
	if config.ByTLS || config.Given() {
		secure, err := config.TLS.Config()
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", call.Target.Name, err)
		}
		options.Dialer = p.dialing((&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext)
	}
	// The library would write to standard error by itself.
	goredis.SetLogger(libraryLog{})
	p.Client = goredis.NewClient(options)
	p.Client.AddHook(guard{dryRun: call.DryRun})
	return p, nil
}

// libraryLog is where the library tells what it meets in the background: the
// program's own log, behind the redactor.
type libraryLog struct{}

// Printf logs one line.
func (libraryLog) Printf(ctx context.Context, format string, v ...any) {
	slog.DebugContext(ctx, fmt.Sprintf(format, v...), "by", "go-redis")
}

// dial opens a connection, as net.Dialer.DialContext does.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// notConnected is why there was no connection, so that nothing was sent.
type notConnected struct{ error }

func (e notConnected) Unwrap() error { return e.error }

// dialing returns by, which also ends when the client is closed: the library
// dials in the background, on after the command that wanted the connection.
func (p *pool) dialing(by dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(p.life, cancel)()
		conn, err := by(ctx, network, address)
		if err != nil {
			return nil, notConnected{err}
		}
		p.mu.Lock()
		p.own[conn.LocalAddr().String()] = true
		p.mu.Unlock()
		return conn, nil
	}
}

// Ask lets do send commands and returns what it returns, or a Failure that says
// what became of them; it ends as soon as ctx does. tried is what is sent, for
// people: "CONFIG GET maxmemory". The library interrupts a command in flight at a deadline
// only, not when it is cancelled, and contexts of a lab have no deadline: what
// do still waits for then ends with the read timeout of the library, or with
// Close. do must not write to what its caller reads.
func Ask[T any](ctx context.Context, s *Server, tried string, do func(context.Context, *goredis.Client) (T, error)) (T, error) {
	began := s.Call.Clock.Now()
	value, err := send(context.WithValue(ctx, callKey{}, s.Call), s.pool, do)
	if err != nil {
		err = s.Failed(ctx, tried, s.Call.Clock.Now().Sub(began), err)
	}
	return value, err
}

func send[T any](ctx context.Context, p *pool, do func(context.Context, *goredis.Client) (T, error)) (T, error) {
	type reply struct {
		value T
		err   error
	}
	replies := make(chan reply, 1)
	p.inFlight.Go(func() {
		value, err := do(ctx, p.Client)
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
func (p *pool) Close() error {
	p.end()
	err := p.Client.Close()
	p.inFlight.Wait()
	if err != nil {
		return fmt.Errorf("close the client of %s: %w", p.Where, err)
	}
	return nil
}

// Address is where the server listens: "10.0.4.12:6379".
func (p *pool) Address() string { return p.address }

// Owns reports whether a connection that the server tells of is one of ours.
func (p *pool) Owns(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own[address]
}
