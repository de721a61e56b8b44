package redis

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// server is the client of one target and what is said of it.
type server struct {
	*goredis.Client
	where    string // "redis at 10.0.4.12:6379"
	user     string
	password string // its name in brackets, or ""
}

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
	options := &goredis.Options{
		Addr: config.Address, Username: config.Username, DB: config.DB,
		Protocol:                 2,
		MaxRetries:               -1,
		DialerRetries:            1,
		DialTimeout:              5 * time.Second,
		ContextTimeoutEnabled:    true,
		PoolSize:                 16,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	s := &server{where: "redis at " + config.Address, user: config.Username}
	if config.Password != nil {
		options.Password, s.password = config.Password.Reveal(), config.Password.String()
	}
	if config.TLS {
		options.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	// The library writes to standard error by itself; what it says there is in
	// the errors that it returns.
	logging.Disable()
	s.Client = goredis.NewClient(options)
	if call.DryRun {
		s.AddHook(guard{})
	}
	call.Log.Debug("redis client", slog.String("address", config.Address))
	return s, nil
}
