// Package server is the client of a MongoDB server: one for each target, with a
// guard for dry runs, that tells soon when nobody listens and says of each error
// whether the server may have got what was asked.
package server

import (
	"net/url"
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type targetConfig struct {
	URI      schema.Text `yaml:"uri" doc:"The connection string, as mongodb://host:27017 or mongodb+srv://host; mostly a secret."`
	Database string      `yaml:"database,omitempty" doc:"The database that actions work in unless they name one."`
	endpoint.TLS
}

// Target is the kind of target that mongo actions talk to: a server or a
// replica set.
var Target = &action.TargetKind{
	Name:    "mongo",
	Summary: "A MongoDB server or replica set, 5.0 or newer.",
	Config:  schema.Of(reflect.TypeFor[targetConfig]()),
	Local:   map[string]any{"uri": "mongodb://127.0.0.1:27017"},
	Address: address,
	Check:   endpoint.CheckOf[targetConfig],
}

func address(config map[string]any) (string, []string) {
	var notes []string
	if database, _ := config["database"].(string); database != "" {
		notes = append(notes, "database "+database)
	}
	notes = append(notes, endpoint.NotesOf(config)...)
	switch uri := config["uri"].(type) {
	case string:
		return showURI(uri, "mongodb://…"), notes
	case schema.Secret:
		return showURI(uri.Reveal(), uri.String()), notes
	}
	return "", notes
}

// showURI returns scheme and hosts of a connection string; instead where it is
// none, as then any part of it may be the password.
func showURI(uri, instead string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || (u.Scheme != "mongodb" && u.Scheme != "mongodb+srv") {
		return instead
	}
	return u.Scheme + "://" + u.Host
}
