package docker

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"runbook/lab/model"
)

// events answers docker events: what was since a time, and what comes until
// another.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	wanted, err := readFilters(r, "container", "daemon", "event", "image", "label", "network", "plugin", "scope", "type", "volume")
	if err != nil {
		return err
	}
	since, err := moment(r, "since")
	if err != nil {
		return err
	}
	until, err := moment(r, "until")
	if err != nil {
		return err
	}
	if err := s.take(r, time.Millisecond); err != nil {
		return err
	}
	from := since
	if r.FormValue("since") == "" {
		from = s.gate.Clock().Now()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	ctx := r.Context()
	if r.FormValue("until") != "" && r.FormValue("until") != "0" {
		var stop context.CancelFunc
		ctx, stop = s.gate.Clock().WithTimeout(ctx, until.Sub(s.gate.Clock().Now()))
		defer stop()
	} else {
		until = time.Time{}
	}
	if err := s.tell(ctx, w, r, from, until, wanted); err != nil && until.IsZero() {
		return err
	}
	return nil
}

// tell writes the events from a time to another, as they come.
func (s *Server) tell(ctx context.Context, w http.ResponseWriter, r *http.Request, from, until time.Time, wanted filters) error {
	out, told := json.NewEncoder(w), 0
	return s.until(ctx, r, func() (bool, error) {
		var fresh []model.Event
		var now time.Time
		s.model.Look(func(world *model.World) {
			n := min(world.Recorded-told, len(world.Events))
			fresh, told, now = slices.Clone(world.Events[len(world.Events)-n:]), world.Recorded, world.Now
		})
		for _, e := range fresh {
			timely := !e.At.Before(from) && (until.IsZero() || !e.At.After(until))
			if timely && wanted.event(e) && !send(out, message(e)) {
				return true, nil
			}
		}
		if len(fresh) > 0 {
			_ = http.NewResponseController(w).Flush()
		}
		return !until.IsZero() && !now.Before(until), nil
	})
}

// event says whether an event is wanted.
func (f filters) event(e model.Event) bool {
	name, _, _ := strings.Cut(e.Action, ":")
	is := func(kind string) func(string) bool {
		return func(v string) bool {
			return e.Type == kind && (v == e.Attributes["name"] || v != "" && strings.HasPrefix(e.ID, v))
		}
	}
	return f.any("type", func(v string) bool { return v == e.Type }) &&
		f.any("event", func(v string) bool { return v == e.Action || v == name }) &&
		f.any("scope", func(v string) bool { return v == "local" }) && f.labels(e.Attributes) &&
		f.any("container", func(v string) bool {
			return is("container")(v) || e.Type == "network" && v != "" && strings.HasPrefix(e.Attributes["container"], v)
		}) &&
		f.any("network", is("network")) && f.any("volume", is("volume")) && f.any("plugin", is("plugin")) && f.any("daemon", is("daemon")) &&
		f.any("image", func(v string) bool {
			return v == e.Attributes["image"] || strings.HasPrefix(e.Attributes["image"], v+":") || is("image")(v)
		})
}

// message is an event as the engine writes it.
func message(e model.Event) map[string]any {
	attributes := map[string]string{}
	for key, value := range e.Attributes {
		if value != "" && (key != "com.docker.compose.project" || e.Attributes["com.docker.compose.service"] != "") {
			attributes[key] = value
		}
	}
	o := map[string]any{
		"Type": e.Type, "Action": e.Action, "Actor": map[string]any{"ID": e.ID, "Attributes": attributes},
		"scope": "local", "time": e.At.Unix(), "timeNano": e.At.UnixNano(),
	}
	if slices.Contains([]string{"container", "image"}, e.Type) {
		o["status"], o["id"] = e.Action, e.ID
	}
	if e.Type == "container" {
		o["from"] = e.Attributes["image"]
	}
	return o
}
