package action

import (
	"regexp"
	"slices"
	"strings"
)

// ProgramRule is an entry of a target's list of programs that read: the beginning of
// an argv, or the whole of it.
type ProgramRule struct {
	Argv  []string // the program as it must be written, and words; AnyWord stands for one
	Exact bool     // nothing may follow
}

// AnyWord stands in a rule for one word of an argv, whatever it is but an option: of a
// word that begins with - a program may read what to do.
const AnyWord = "*"

// ReadsProgram reports whether the target lists a call of a program as a read. It is
// one by its argv alone, and a variable of the step by which other code is loaded than
// the argv shows makes a change of it.
func (t Target) ReadsProgram(argv, variables []string) bool {
	return !slices.ContainsFunc(variables, loadsCode) && slices.ContainsFunc(t.Programs, func(r ProgramRule) bool { return r.begins(argv, false) })
}

// MayReadProgram is ReadsProgram of a call of which not all is known: a word that is
// not is empty, and without any word the argv is not known at all. Without an
// environment the target may list anything.
func (t Target) MayReadProgram(argv, variables []string) bool {
	switch {
	case slices.ContainsFunc(variables, loadsCode):
		return false
	case t.Kind == "" || len(argv) == 0:
		return t.Kind == "" || len(t.Programs) > 0
	}
	return slices.ContainsFunc(t.Programs, func(r ProgramRule) bool { return r.begins(argv, true) })
}

// begins reports whether an argv is one of the rule's. With open an empty word may be
// any.
func (r ProgramRule) begins(argv []string, open bool) bool {
	if len(argv) < len(r.Argv) || r.Exact && len(argv) != len(r.Argv) {
		return false
	}
	for i, want := range r.Argv {
		word := argv[i]
		switch {
		case word == "" && open:
		case word == "" || want == AnyWord && strings.HasPrefix(word, "-") || want != AnyWord && want != word:
			return false
		}
	}
	return len(r.Argv) > 0
}

// loader are the variables by which the loader of a system, a shell, an interpreter or
// a program that starts others is told what to load or start.
var loader = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`PATH`, `PATHEXT`, `COMSPEC`, `HOME`, `USERPROFILE`, `APPDATA`, `XDG_\w+`, `LD_\w+`, `DYLD_\w+`, `_?RLD_?\w*`, `GCONV_PATH`, `GLIBC_\w+`, `OPENSSL_\w+`,
	`ENV`, `IFS`, `PS4`, `SHELL`, `SHELLOPTS`, `BASH\w*(?:%%|\(\))?`, `ZDOTDIR`, `PROMPT_COMMAND`, `PYTHON\w*`, `PERL\w*`, `RUBY\w*`, `GEM_\w+`, `BUNDLE_\w+`, `NODE_\w+`,
	`_?JAVA_\w+`, `JDK_\w+`, `CLASSPATH`, `LUA_\w+`, `PHP\w*`, `GIT_\w+`, `\w*PAGER`, `\w*EDITOR`, `VISUAL`, `BROWSER`, `LESS\w*`, `\w*_RSH`, `\w*_SSH`, `\w*_ASKPASS`,
	`PSQLRC`, `KUBECONFIG`, `DOCKER_CONFIG`, `AWS_\w*FILE`,
}, "|") + `)$`)

// loadsCode reports whether a variable may change what is started; Windows takes its
// name in any case.
func loadsCode(variable string) bool { return loader.MatchString(strings.ToUpper(variable)) }

// wrappers are programs that start the one that their words name, and how many words
// of their own stand before it. Of opaque ones no beginning says what is started.
var (
	wrappers = map[string]int{
		"env": 0, "xargs": 0, "sudo": 0, "doas": 0, "nice": 0, "ionice": 0, "nohup": 0, "setsid": 0, "time": 0, "stdbuf": 0, "busybox": 0, "toybox": 0, "npx": 0,
		"timeout": 1, "chroot": 1, "flock": 1, "taskset": 1, "chrt": 1,
		"sh": 0, "bash": 0, "dash": 0, "ash": 0, "zsh": 0, "ksh": 0, "fish": 0, "pwsh": 0, "powershell": 0, "cmd": 0,
		"python": 0, "python3": 0, "perl": 0, "ruby": 0, "node": 0, "php": 0, "lua": 0,
	}
	opaque = map[string][]string{ // by the words that must follow; none: whatever follows
		"ssh": nil, "su": nil, "runuser": nil, "eval": nil, "find": nil, "awk": nil, "gawk": nil, "mawk": nil, "watch": nil, "parallel": nil, "script": nil,
		"strace": nil, "nsenter": nil, "unshare": nil, "systemd-run": nil, "systemd-nspawn": nil,
		"docker": runsIn, "podman": runsIn, "nerdctl": runsIn, "kubectl": runsIn, "oc": runsIn, "crictl": runsIn, "docker-compose": runsIn,
	}
	runsIn = []string{"exec", "run", "debug"}
	within = []string{"compose", "container"} // before the word that says what is done
)

// Opens says which program of the rule starts another that the rule does not fix, so
// that any program is listed; "" for none.
func (r ProgramRule) Opens() string {
	if r.Exact && !slices.Contains(r.Argv, AnyWord) {
		return ""
	}
	for rest := r.Argv; len(rest) > 0; {
		if r.Exact && findsOnly(rest) {
			return ""
		}
		program := rest[0][strings.LastIndexAny(rest[0], `/\`)+1:]
		program = strings.TrimSuffix(strings.ToLower(program), ".exe")
		if runs, is := opaque[program]; is {
			does := rest[1:]
			for len(does) > 0 && slices.Contains(within, does[0]) {
				does = does[1:]
			}
			if runs == nil || len(does) == 0 || does[0] == AnyWord || strings.HasPrefix(does[0], "-") || slices.Contains(runs, does[0]) {
				return rest[0]
			}
			return ""
		}
		own, is := wrappers[program]
		if !is {
			return ""
		}
		if len(rest) < own+2 || rest[own+1] == AnyWord || slices.ContainsFunc(rest[1:own+2], sets) {
			return rest[0]
		}
		rest = rest[own+1:]
	}
	return ""
}

// findsOnly reports whether the words are of a find that starts nothing. It does by its
// options alone, and no AnyWord is one.
func findsOnly(words []string) bool {
	return words[0] == "find" && !slices.ContainsFunc(words, func(word string) bool {
		return strings.HasPrefix(word, "-exec") || strings.HasPrefix(word, "-ok")
	})
}

// sets reports whether a word is an option of a wrapper, or a variable, and so does not
// fix what is started.
func sets(word string) bool { return strings.HasPrefix(word, "-") || strings.Contains(word, "=") }
