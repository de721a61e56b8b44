package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Failed says what became of commands that got no good answer: where the server
// answered, or was never reached, they changed nothing.
func (s *Server) Failed(ctx context.Context, tried string, took time.Duration, err error) error {
	var reply goredis.Error
	var dialed notConnected
	if !errors.As(err, &reply) {
		f := action.Unreachable(ctx, err, action.Reach{
			Where: s.Where, Request: tried, Server: s.program, Address: s.address, Setting: s.Call.Setting("address"),
			Took: took, Sent: !errors.As(err, &dialed),
		})
		switch {
		case strings.HasPrefix(f.What, "no answer") && f.Applied != action.AppliedNot:
			f.Do = append([]string{s.Command("--latency")}, f.Do...)
		case strings.HasPrefix(f.What, "the server closed"):
			f.Do = append(f.Do, "check whether it speaks TLS: "+s.Call.Setting("tls"))
		}
		return f
	}
	text, _, _ := strings.Cut(reply.Error(), "\n")
	f := &action.Failure{
		Applied: action.AppliedNot, Where: s.Where, Err: err, What: text, Tried: tried + ", once, " + schema.HumanDuration(took),
	}
	switch {
	case refusedPassword(text):
		s.explainPassword(f, text, took)
	case strings.HasPrefix(text, "NOPERM"):
		f.What, f.Final = "the user may not do this ("+text+")", true
		f.Do = []string{"grant the command to the user, see ACL SETUSER"}
	case strings.HasPrefix(text, "MOVED "), strings.HasPrefix(text, "ASK "):
		words := strings.Fields(text)
		at := words[len(words)-1]
		f.What, f.Final = "the server is one node of a cluster, and the key lies on another, "+at+" ("+words[0]+")", true
		f.Do = []string{"name a target in runbook.yaml with the address " + at + ", and that target in the step"}
	case strings.HasPrefix(strings.ToLower(text), "err unknown command"):
		f.Final = true
		f.Do = []string{"upgrade the server, or look whether its configuration renames the command", s.Command("INFO server")}
	case strings.HasPrefix(text, "CLUSTERDOWN"):
		f.What = "the cluster of this node serves no keys (" + text + ")"
		f.Do = []string{s.Command("CLUSTER INFO"), s.Command("CLUSTER NODES")}
	}
	return f
}

// Looking is a command line that reads from the server that of returns.
func Looking(of func(action.Call) (*Server, error), call action.Call, arguments string) string {
	s, err := of(call)
	if err != nil {
		return ""
	}
	return s.Command(arguments)
}

// Command returns a command line of redis-cli for this server.
func (s *Server) Command(arguments string) string {
	host, port, _ := net.SplitHostPort(s.address)
	text := "redis-cli -h " + action.Quote(host) + " -p " + port
	config, err := action.ConfigOf[targetConfig](s.Call.Target)
	if err != nil {
		return text + " " + arguments
	}
	if config.DB != 0 {
		text += fmt.Sprintf(" -n %d", config.DB)
	}
	if config.ByTLS || config.Given() {
		text += " --tls"
	}
	if config.Insecure {
		text += " --insecure"
	}
	for _, of := range []struct{ flag, value string }{{"--sni", config.ServerName}, {"--cacert", config.CAFile}, {"--cert", config.ClientCert}, {"--key", keyFile(config)}} {
		if of.value != "" {
			text += " " + of.flag + " " + action.Quote(of.value)
		}
	}
	return text + " " + arguments
}

// keyFile is the file with the client's key, "" where the key itself is a secret.
func keyFile(config targetConfig) string {
	if config.ClientKey.IsSecret() {
		return ""
	}
	return config.ClientKey.Reveal()
}

func refusedPassword(text string) bool {
	return strings.HasPrefix(text, "WRONGPASS") || strings.HasPrefix(text, "NOAUTH") ||
		strings.HasPrefix(text, "ERR AUTH") || strings.HasPrefix(text, "ERR invalid password")
}

func (s *Server) explainPassword(f *action.Failure, text string, took time.Duration) {
	code, _, _ := strings.Cut(text, " ")
	f.Final = true
	if s.password == "" {
		f.What = "the server asks for a password (" + code + ")"
		f.Do = []string{"set password of the target in runbook.yaml, as {secret: redis_password}"}
		return
	}
	f.What = "the password was refused (" + code + ")"
	f.Tried = fmt.Sprintf("AUTH as user %s with %s, once, %s", s.user, s.password, schema.HumanDuration(took))
	f.Do = []string{"check the secret that password of the target in runbook.yaml names"}
}

// Answered reports whether err is what a server answered, so that it is there.
func Answered(err error) bool {
	var reply goredis.Error
	return errors.As(err, &reply)
}

// IsGone reports whether err is the answer about a key that is not there.
func IsGone(err error) bool {
	return errors.Is(err, goredis.Nil) || err != nil && strings.Contains(err.Error(), "no such key")
}
