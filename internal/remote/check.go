package remote

import (
	"reflect"
	"strings"

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
