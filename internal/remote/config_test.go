package remote

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/realtest"
)

// What ~/.ssh/config says of a host counts for nothing; where it is why a host was not
// reached, the failure says so, and what to write into the target.
func TestTheConfigurationOfSSHIsTold(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	home := t.TempDir()
	t.Setenv("HOME", home)
	_, key := realtest.NewKey(t, filepath.Join(home, "key"), "")
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct{ config, url, seen, do string }{
		"its own entry": {
			config: "# mine\nHost other\n  HostName 10.0.0.1\n\nHost web1.invalid web2\n  HostName 10.0.4.21\n\tuser=deploy\n  Port 2222\n  IdentityFile ~/.ssh/deploy\nHost *\n  User nobody\n  Port 99\n",
			url:    "ssh://a@web1.invalid", seen: "Host web1.invalid of ~/.ssh/config is not read",
			do: "write what it says into the target: host: ssh://deploy@10.0.4.21:2222, key: ~/.ssh/deploy",
		},
		"a pattern, and a jump": {
			config: "Host *.invalid !db.invalid\n  ProxyJump jump@bastion\n", url: "ssh://a@web1.invalid", seen: "nor is its jump by jump@bastion",
			do: "forward a port, ssh -N -L 2222:127.0.0.1:22 web1.invalid, and write host: ssh://a@127.0.0.1:2222 with the host_key of web1.invalid",
		},
		"one that is refused": {config: "Host 127.0.0.1\n  Port 2222\n", url: "ssh://a@" + closed.Addr().String(), seen: "Host 127.0.0.1 of ~/.ssh/config is not read", do: "host: ssh://a@127.0.0.1:2222"},
		"that of all hosts":   {config: "Host *\n  User nobody\n", url: "ssh://a@web1.invalid"},
		"a negated one":       {config: "Host *.invalid !web1.invalid\n  User nobody\n", url: "ssh://a@web1.invalid"},
		"another's":           {config: "Host web2.invalid\n  User nobody\n", url: "ssh://a@web1.invalid"},
		"none":                {url: "ssh://a@web1.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(home, ".ssh", "config")
			if err := os.WriteFile(path, []byte(c.config), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.config == "" {
				os.Remove(path)
			}
			got := run(t.Context(), hostOf(t, c.url, Access{Key: schema.NewText(key)}), Program{Argv: []string{"true"}})
			f := action.AsFailure(got.err)
			if f.Applied != action.AppliedNot {
				t.Errorf("it is %s", f.Applied)
			}
			seen := strings.Join(f.Seen, "; ")
			if c.seen == "" && strings.Contains(seen+f.Do[0], "config") || !strings.Contains(seen, c.seen) || !strings.Contains(f.Do[0], c.do) {
				t.Errorf("seen %q, do %q", seen, f.Do)
			}
		})
	}
}
