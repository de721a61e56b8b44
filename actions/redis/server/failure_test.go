package server

import (
	"testing"

	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// A command that is printed reaches the server as the target does.
func TestCommandsReachTheServer(t *testing.T) {
	for want, more := range map[string][]any{
		"redis-cli -h h -p 6379 PING":                                         nil,
		"redis-cli -h h -p 6379 -n 3 --tls PING":                              {"db", 3, "tls", true},
		"redis-cli -h h -p 6379 --tls --insecure --sni app.internal PING":     {"insecure", true, "server_name", "app.internal"},
		"redis-cli -h h -p 6379 --tls --cacert '/etc/a b/ca.pem' PING":        {"ca_file", "/etc/a b/ca.pem"},
		"redis-cli -h h -p 6379 --tls --cacert ca --cert cert --key key PING": {"ca_file", "ca", "client_cert", "cert", "client_key", "key"},
		"redis-cli -h h -p 6379 --tls --cacert ca --cert cert PING":           {"ca_file", "ca", "client_cert", "cert", "client_key", schema.NewSecret("key", "-----BEGIN")},
	} {
		config := map[string]any{"address": "h:6379"}
		for i := 0; i < len(more); i += 2 {
			config[more[i].(string)] = more[i+1]
		}
		s := &Server{pool: &pool{address: "h:6379"}, Call: actiontest.Call(t, config)}
		if got := s.Command("PING"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
