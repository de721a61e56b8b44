// Package redis has the actions that talk to a Redis server.
package redis

import (
	"fmt"
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type targetConfig struct {
	Address  string         `yaml:"address" doc:"Host and port, as 127.0.0.1:6379."`
	Username string         `yaml:"username,omitempty" doc:"The user; without one the user default."`
	Password *schema.Secret `yaml:"password" doc:"The password."`
	DB       int            `yaml:"db" default:"0" min:"0" max:"1048576" doc:"The number of the database."`
	TLS      bool           `yaml:"tls" default:"false" doc:"Whether to connect by TLS."`
}

// Target is the kind of target that redis actions talk to: one server.
var Target = &action.TargetKind{
	Name:    "redis",
	Summary: "A Redis server, 6.0 or newer.",
	Config:  schema.Of(reflect.TypeFor[targetConfig]()),
	Local:   map[string]any{"address": "127.0.0.1:6379"},
	Address: address,
}

func address(config map[string]any) (string, []string) {
	text, _ := config["address"].(string)
	var notes []string
	if db, _ := config["db"].(int); db != 0 {
		notes = append(notes, fmt.Sprintf("db %d", db))
	}
	if tls, _ := config["tls"].(bool); tls {
		notes = append(notes, "tls")
	}
	return text, notes
}
