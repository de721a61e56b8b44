package remote

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/file"
)

// sshConfig is where ssh has its settings for a user, which are not read for a
// connection: only to say so.
const sshConfig = "~/.ssh/config"

// entry is what ~/.ssh/config says of a host by its name.
type entry struct{ host, user, port, key, jump string }

// entryOf finds the settings of a host that ssh would take, the first of each; false where
// no entry but those for all hosts speaks of it.
func entryOf(text, host string) (e entry, named bool) {
	applies := true
	for line := range strings.Lines(text) {
		word, value, _ := strings.Cut(strings.Replace(strings.TrimSpace(line), "=", " ", 1), " ")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		set := map[string]*string{"hostname": &e.host, "user": &e.user, "port": &e.port, "identityfile": &e.key, "proxyjump": &e.jump, "proxycommand": &e.jump}[strings.ToLower(word)]
		switch {
		case strings.EqualFold(word, "match"):
			applies = false
		case strings.EqualFold(word, "host"):
			var by string
			by, applies = matching(strings.Fields(value), host)
			named = named || applies && by != "*"
		case set != nil && applies:
			*set = cmp.Or(*set, value)
		}
	}
	return e, named
}

// matching reports whether one of the patterns of a Host line, and none that is negated,
// is of the host; and which.
func matching(patterns []string, host string) (by string, is bool) {
	for _, p := range patterns {
		plain, not := strings.CutPrefix(p, "!")
		ok, err := path.Match(plain, host)
		if err != nil || !ok {
			continue
		}
		if not {
			return "", false
		}
		by, is = p, true
	}
	return by, is
}

// configured adds to what kept us from a host that ssh has settings for it, which do not
// count here, and what to write in their place.
func (h *Host) configured(failed error) error {
	f := (*action.Failure)(nil)
	text, err := file.Read(home(sshConfig), 1<<20)
	if err != nil || !errors.As(failed, &f) {
		return failed
	}
	e, named := entryOf(string(text), h.at.Host)
	if !named {
		return failed
	}
	out := *f
	at := Address{User: cmp.Or(e.user, h.at.User), Host: cmp.Or(strings.ReplaceAll(e.host, "%h", h.at.Host), h.at.Host), Port: cmp.Or(e.port, h.at.Port)}
	write := "host: " + at.String()
	if e.key != "" {
		write += ", key: " + e.key
	}
	out.Seen = append(slices.Clip(f.Seen), "Host "+h.at.Host+" of "+sshConfig+" is not read")
	do := "write what it says into the target: " + write
	if e.jump != "" && !strings.EqualFold(e.jump, "none") {
		out.Seen = append(out.Seen, "nor is its jump by "+e.jump)
		do = "forward a port, ssh -N -L 2222:127.0.0.1:" + cmp.Or(at.Port, "22") + " " + h.at.Host + ", and write host: ssh://" + at.User + "@127.0.0.1:2222 with the host_key of " + h.at.Host
	}
	out.Do = append([]string{do}, f.Do...)
	return &out
}
