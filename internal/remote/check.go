package remote

import (
	"reflect"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"runbook/engine/file"
	"runbook/engine/schema"
)

// Check says what is wrong with the configuration of a target whose type embeds Access,
// beside a host: a *schema.Fault at the key. Secrets need not be read yet.
func Check(config map[string]any) error {
	host, _ := config["host"].(string)
	if strings.HasPrefix(host, "ssh:") {
		if _, err := ParseAddress(host); err != nil {
			return &schema.Fault{Path: "host", Message: err.Error()}
		}
		return nil
	}
	for _, f := range schema.Of(reflect.TypeFor[Access]()).Fields {
		if given(config[f.Name]) {
			return &schema.Fault{Path: f.Name, Message: "it is for a host that is reached over ssh: host: ssh://user@host"}
		}
	}
	return nil
}

func given(v any) bool { return v != nil && v != "" }

// Check reads the files that the target names, and says what of them cannot be used: a
// *schema.Fault at the key.
func (a Access) Check() error {
	if name := a.Key.Reveal(); name != "" && !a.Key.IsSecret() {
		if _, err := file.Read(home(name), file.MostOfSecret); err != nil {
			return &schema.Fault{Path: "key", Message: "the file " + name + " cannot be read: " + file.Reason(err).Error()}
		}
	}
	if a.HostKey != "" {
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(a.HostKey)); err != nil {
			return &schema.Fault{Path: "host_key", Message: "it is no public key"}
		}
		return nil
	}
	if a.KnownHosts != "" {
		if _, err := knownhosts.New(home(a.KnownHosts)); err != nil {
			return &schema.Fault{Path: "known_hosts", Message: "the file " + a.KnownHosts + " cannot be read: " + strings.TrimPrefix(file.Reason(err).Error(), "knownhosts: ")}
		}
	}
	return nil
}
