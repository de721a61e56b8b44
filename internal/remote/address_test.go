package remote

import (
	"net"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// agentWith serves an agent that has a key, and returns its socket.
func agentWith(t *testing.T, key string) string {
	t.Helper()
	private, err := ssh.ParseRawPrivateKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "a")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
	return socket
}

func TestParseAddress(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"ssh://deploy@10.0.4.21":                    "ssh://deploy@10.0.4.21 10.0.4.21:22",
		"ssh://deploy@web1:2222/":                   "ssh://deploy@web1:2222 web1:2222",
		"ssh://deploy@web1:22":                      "ssh://deploy@web1 web1:22",
		"ssh://d@[fe80::1]":                         "ssh://d@[fe80::1] [fe80::1]:22",
		"ssh://web1":                                "ssh://" + me.Username + "@web1 web1:22",
		"ssh://d@web1/run/user/1000/../docker.sock": "ssh://d@web1/run/user/docker.sock web1:22",
		"ssh://d:secret@web1":                       "a password has no place",
		"web1":                                      "it is no address of a host",
		"http://web1":                               "it is no address of a host",
		"ssh://":                                    "it is no address of a host",
		"ssh://d@web1:99999":                        "it is no address of a host",
		"ssh://d@-oProxyCommand=x":                  "it is no address of a host",
		"ssh://d@web1?x=1":                          "it is no address of a host",
	} {
		a, err := ParseAddress(text)
		got := a.String() + " " + a.hostPort()
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || strings.Contains(got, "secret@") {
			t.Errorf("%s: %s", text, got)
		}
	}
}
