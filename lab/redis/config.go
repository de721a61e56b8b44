package redis

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"runbook/lab/model"
)

func configCommands() map[string]command {
	return map[string]command{
		"CONFIG GET":     {words: 3, run: configGet},
		"CONFIG SET":     {words: 4, mutates: true, run: configSet},
		"CONFIG REWRITE": {words: 2, exactly: true, mutates: true, run: func(r *request) { r.peer.WriteOK() }},
	}
}

// current are the settings with those that others keep.
func (r *request) current() settings {
	all := maps.Clone(r.server.settings)
	all["requirepass"] = r.server.password
	r.server.model.Look(func(w *model.World) {
		all["maxmemory"] = strconv.FormatInt(int64(w.Redis.MaxBytes), 10)
		all["maxmemory-policy"] = w.Redis.Policy
	})
	return all
}

func configGet(r *request) {
	all := r.current()
	var found []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.ContainsFunc(r.args, func(pattern string) bool {
			ok, err := path.Match(strings.ToLower(pattern), name)
			return ok && err == nil
		}) {
			found = append(found, name)
		}
	}
	r.peer.WriteMapLen(len(found))
	for _, name := range found {
		r.peer.WriteBulk(name)
		r.peer.WriteBulk(all[name])
	}
}

// configSet sets all of its parameters or none.
func configSet(r *request) {
	if len(r.args)%2 != 0 {
		r.fail("ERR wrong number of arguments for 'config|set' command")
		return
	}
	wanted := settings{}
	for i := 0; i < len(r.args); i += 2 {
		name := strings.ToLower(r.args[i])
		at := slices.IndexFunc(known(), func(k setting) bool { return k.name == name })
		if at < 0 {
			r.fail("ERR Unknown option or number of arguments for CONFIG SET - '%s'", r.args[i])
			return
		}
		if _, twice := wanted[name]; twice {
			r.fail("ERR CONFIG SET failed (possibly related to argument '%s') - duplicate parameter", name)
			return
		}
		value, err := known()[at].check(r.args[i+1])
		if err != nil {
			r.fail("ERR CONFIG SET failed (possibly related to argument '%s') - %v", name, err)
			return
		}
		wanted[name] = value
	}
	r.server.set(wanted)
	r.peer.WriteOK()
}

func (s *Server) set(wanted settings) {
	s.model.Change(func(w *model.World) {
		for name, value := range wanted {
			switch name {
			case "maxmemory":
				w.Redis.MaxBytes, _ = strconv.ParseFloat(value, 64)
			case "maxmemory-policy":
				w.Redis.Policy = value
			case "requirepass":
				s.password = value
			default:
				s.settings[name] = value
			}
		}
	})
}
