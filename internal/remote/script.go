package remote

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// What a host runs is a command line for the user's shell, whichever that is: it
// replaces itself with sh, whose script has neither ' nor ! nor a new line. What the
// program is told, which may be secret, comes over its input, so that no list of
// processes shows it. $0 is the token that tells our lines from what a profile writes.
const (
	// beginning says its process, reads a line and does it. It ends without one.
	beginning = `echo "$0 ready $$"; IFS= read -r line || exit 0; n=$(printf "\n."); n=${n%.}; eval "$line"`

	// sweeping takes a process, a signal for its group (0: none), and how many times
	// it waits. A group that has only zombies is gone; one that may not be signalled, as
	// that of sudo, is not. Where there is no ps its processes have no names.
	sweeping = `LC_ALL=C; export LC_ALL; k=$1; live() { e=$(kill -s 0 -- -$k 2>&1) || case "$e" in *ermit*) ;; *) kill -s 0 $k 2>/dev/null && echo "a process (pid $k)"; return 0;; esac; ` +
		`command -v ps >/dev/null 2>&1 || { echo "a process (group $k)"; return 0; }; ` +
		`ps -A -o pid= -o pgid= -o stat= -o args= | while read -r p g s a; do case "$g $s" in "$k Z"*) ;; "$k "*) echo "$a (pid $p)";; esac; done; }; ` +
		`[ $2 = 0 ] || kill -s $2 -- -$k 2>/dev/null || kill -s $2 $k 2>/dev/null; i=0; m=$(live); ` +
		`while [ -n "$m" ] && [ $i -lt $3 ]; do i=$((i+1)); sleep 0.1 2>/dev/null || { sleep 1; i=$((i+9)); }; m=$(live); done; ` +
		`if [ -n "$m" ]; then echo "$m" | while IFS= read -r x; do echo "$0 left $x"; done; ` +
		`kill -s KILL -- -$k 2>/dev/null || kill -s KILL $k 2>/dev/null; ` +
		`i=0; while [ -n "$(live)" ] && [ $i -lt 20 ]; do i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; done; fi; ` +
		`[ -n "$(live)" ] || echo "$0 gone"`

	sweepEvery = 100 * time.Millisecond
)

// shell is a command line that runs a script with its words.
func shell(script string, words ...string) string {
	line := "exec sh -c '" + script + "'"
	for _, word := range words {
		line += " " + word
	}
	return line
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// prelude is the line that sets a program up and becomes it. Before that it says
// "start", on both outputs, or what is missing.
func prelude(p Program) (string, error) {
	var b strings.Builder
	for _, entry := range p.Env {
		name, value, _ := strings.Cut(entry, "=")
		if !variable.MatchString(name) {
			return "", fmt.Errorf("env: %q is no name of a variable there", name)
		}
		fmt.Fprintf(&b, "%s=%s; export %s; ", name, quoted(value), name)
	}
	if p.Dir != "" {
		dir := p.Dir
		if !strings.HasPrefix(dir, "/") {
			dir = "./" + dir
		}
		fmt.Fprintf(&b, `CDPATH= cd -- %s >/dev/null 2>&1 || { echo "$0 dir"; exit 1; }; `, quoted(dir))
	}
	b.WriteString("set --")
	for _, word := range p.Argv {
		b.WriteString(" " + quoted(word))
	}
	if text := b.String(); strings.ContainsRune(text, 0) {
		return "", fmt.Errorf("argv, env and dir cannot hold the character NUL")
	}
	b.WriteString(`; command -v "$1" >/dev/null 2>&1 || { echo "$0 program"; exit 1; }; `)
	// A server that gives its programs no group of their own is rare; setsid does then.
	b.WriteString(`s=; kill -s 0 -- -$$ 2>/dev/null || { command -v setsid >/dev/null 2>&1 && s=setsid; }; unset line n; `)
	const started = `echo "$0 start"; echo "$0 start" >&2; `
	if !p.Detach {
		b.WriteString(started + `exec $s "$@"`)
		return b.String(), nil
	}
	// What stays can write on: into files without a name.
	b.WriteString(`d=$(mktemp -d) && exec 3>"$d/o" 4<"$d/o" 5>"$d/e" 6<"$d/e" && rm -rf "$d" || exit 1; ` + started)
	b.WriteString(`"$@" >&3 2>&5 3>&- 4<&- 5>&- 6<&-; c=$?; cat <&4; cat <&6 >&2; exit $c`)
	return b.String(), nil
}

// quoted is a word as sh reads it, in one line; $n is the end of a line.
func quoted(word string) string {
	word = strings.ReplaceAll(word, "'", `'\''`)
	return "'" + strings.ReplaceAll(word, "\n", `'"$n"'`) + "'"
}
