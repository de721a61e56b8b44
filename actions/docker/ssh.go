package docker

import (
	"errors"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/internal/endpoint"
	"runbook/internal/remote"
)

// overSSH is the host at whose socket an engine listens; nil for others.
func overSSH(call action.Call, config targetConfig) (*remote.Host, error) {
	if !strings.HasPrefix(config.Host, "ssh://") {
		return nil, nil
	}
	return remote.Of(call, config.Host, config.Access)
}

// socketURL is the address that the client is given: over ssh that of the socket there.
func (c targetConfig) socketURL() string {
	if !strings.HasPrefix(c.Host, "ssh://") {
		return c.Host
	}
	return "unix://" + c.socketThere()
}

func (c targetConfig) socketThere() string {
	if at, err := remote.ParseAddress(c.Host); err == nil && at.Path != "" {
		return at.Path
	}
	return strings.TrimPrefix(client.DefaultDockerHost, "unix://")
}

// checkSSH says what is wrong with the keys of an engine at another host.
func checkSSH(config map[string]any) error {
	host, _ := config["host"].(string)
	if strings.HasPrefix(host, "ssh://") && endpoint.SpeaksTLS(config) {
		return errors.New("the keys of TLS are for tcp://: over ssh the socket of the host is reached")
	}
	return remote.Check(config)
}

// told reports whether the way to another host says itself what to do.
func (e *Engine) told(reason error) bool {
	var f *action.Failure
	return strings.HasPrefix(e.config.Host, "ssh://") && errors.As(reason, &f)
}
