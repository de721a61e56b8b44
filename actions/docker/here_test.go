package docker

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/moby/client"
)

// The engine of the environment local is the one that Docker's command line uses.
func TestEngineOfThisMachine(t *testing.T) {
	config := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(config, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	id := func(name string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(name))) }
	write("contexts/meta/"+id("prod")+"/meta.json", `{"Name":"prod","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://prod:2376","SkipTLSVerify":false}}}`)
	ca := write("contexts/tls/"+id("prod")+"/docker/ca.pem", "x")
	key := write("certs/key.pem", "x")
	for _, test := range []struct {
		name, config string
		env          map[string]string
		want         map[string]any
	}{
		{"nothing", ``, nil, map[string]any{"host": client.DefaultDockerHost}},
		{"the default context", `{"currentContext": "default"}`, nil, map[string]any{"host": client.DefaultDockerHost}},
		{"the present context", `{"currentContext": "prod", "auths": {}}`, nil, map[string]any{"host": "tcp://prod:2376", "ca_file": ca}},
		{"a context by variable", ``, map[string]string{"DOCKER_CONTEXT": "prod"}, map[string]any{"host": "tcp://prod:2376", "ca_file": ca}},
		{"a context that is not there", `{"currentContext": "gone"}`, nil, map[string]any{"host": "context://gone"}},
		{"a broken file", `{`, nil, map[string]any{"host": client.DefaultDockerHost}},
		{"the host before a context", `{"currentContext": "prod"}`, map[string]string{"DOCKER_HOST": "unix:///x"}, map[string]any{"host": "unix:///x"}},
		{"certificates", ``, map[string]string{"DOCKER_HOST": "tcp://x:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": filepath.Join(config, "certs")},
			map[string]any{"host": "tcp://x:2376", "client_key": key}},
		{"certificates without TLS", ``, map[string]string{"DOCKER_HOST": "tcp://x:2375", "DOCKER_CERT_PATH": filepath.Join(config, "certs")}, map[string]any{"host": "tcp://x:2375"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"} {
				t.Setenv(name, test.env[name])
			}
			t.Setenv("DOCKER_CONFIG", config)
			write("config.json", test.config)
			if got := here(); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	if err := checkHost("context://gone"); err == nil || err.Error() != `there is no Docker context "gone": list them with docker context ls` {
		t.Errorf("a context that is not there: %v", err)
	}
}
