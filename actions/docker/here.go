package docker

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/moby/moby/client"

	"runbook/engine/file"
)

// mostOfContext bounds the files in which Docker's command line keeps its contexts.
const mostOfContext = 1 << 20

// unknownContext is the scheme of the host in place of a context that cannot be read.
const unknownContext = "context"

// here is the engine that Docker's command line would use on this machine: that of
// $DOCKER_HOST, with the certificates in $DOCKER_CERT_PATH, else that of
// $DOCKER_CONTEXT or the present context, else the one at the usual socket.
// The source of the files' form is the documentation of docker context.
func here() map[string]any {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		found := map[string]any{"host": host}
		if dir := os.Getenv("DOCKER_CERT_PATH"); dir != "" && os.Getenv("DOCKER_TLS_VERIFY") != "" {
			certificates(found, dir)
		}
		return found
	}
	home, _ := os.UserHomeDir() // without one there are no contexts
	dir := cmp.Or(os.Getenv("DOCKER_CONFIG"), filepath.Join(home, ".docker"))
	var config struct {
		CurrentContext string `json:"currentContext"`
	}
	_ = readJSON(filepath.Join(dir, "config.json"), &config) // the default context without it
	name := cmp.Or(os.Getenv("DOCKER_CONTEXT"), config.CurrentContext, "default")
	if name == "default" {
		return map[string]any{"host": client.DefaultDockerHost}
	}
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	var context struct {
		Endpoints map[string]struct{ Host string }
	}
	if err := readJSON(filepath.Join(dir, "contexts", "meta", id, "meta.json"), &context); err != nil || context.Endpoints["docker"].Host == "" {
		return map[string]any{"host": unknownContext + "://" + name}
	}
	found := map[string]any{"host": context.Endpoints["docker"].Host}
	certificates(found, filepath.Join(dir, "contexts", "tls", id, "docker"))
	return found
}

// certificates adds the files of TLS that there are in dir.
func certificates(to map[string]any, dir string) {
	for key, name := range map[string]string{"ca_file": "ca.pem", "client_cert": "cert.pem", "client_key": "key.pem"} {
		if path := filepath.Join(dir, name); exists(path) {
			to[key] = path
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readJSON(path string, into any) error {
	text, err := file.Read(path, mostOfContext)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
