package action_test

import (
	"strings"
	"testing"

	"runbook/engine/action"
)

// What a target lists is matched by the words of an argv as they are, from the first
// one on; what is not known may be one, and a variable that loads code is none.
func TestProgramsThatRead(t *testing.T) {
	target := action.Target{Kind: "shell", Programs: []action.ProgramRule{
		{Argv: []string{"pg_isready"}},
		{Argv: []string{"/usr/bin/pg_dump", "--schema-only"}},
		{Argv: []string{"redis-cli", "-p", "*", "info"}},
		{Argv: []string{"df", "*"}, Exact: true},
		{Argv: []string{"uptime"}, Exact: true},
		{}, // a rule without words lists nothing
	}}
	for call, want := range map[string]string{ // what it is, and what it may be while "" is not known
		"pg_isready":                             "read",
		"pg_isready|-h|db":                       "read",
		"pg_isready|":                            "read", // whatever follows
		"pg_isreadyx":                            "",
		"PG_ISREADY":                             "",
		"./pg_isready":                           "",
		"/usr/bin/pg_isready":                    "",
		" pg_isready":                            "",
		"pg_dump|--schema-only":                  "",
		"/usr/bin/pg_dump|--schema-only|shop":    "read",
		"/usr/bin/pg_dump|-Fc|--schema-only":     "",
		"/usr/bin/pg_dump":                       "",
		"redis-cli|-p|6379|info":                 "read",
		"redis-cli|-p|6379|info|memory":          "read",
		"redis-cli|-p|6379|flushall":             "",
		"redis-cli|-p|--eval|info":               "",
		"redis-cli|-p|6379|-n|info":              "",
		"redis-cli|-p||info":                     "may",
		"redis-cli|-p||flushall":                 "",
		"redis-cli|-p|6379|":                     "may",
		"df|/srv":                                "read",
		"df":                                     "",
		"df|/srv|/var":                           "",
		"df|-x":                                  "",
		"df|":                                    "may",
		"uptime":                                 "read",
		"uptime|-s":                              "",
		"|pg_isready":                            "may", // the program is not known
		"sh|-c|pg_isready":                       "",
		"pg_isready; rm -rf /":                   "",
		"pg_isready $PATH=/tmp":                  "", // one word
		"pg_isready|PATH=/tmp":                   "read",
		"pg_isready PGHOST PGPASSWORD LANG TZ":   "read",
		"pg_isready PATH":                        "",
		"pg_isready path":                        "",
		"pg_isready PGHOST LD_PRELOAD":           "",
		"pg_isready LD_LIBRARY_PATH":             "",
		"pg_isready DYLD_INSERT_LIBRARIES":       "",
		"pg_isready BASH_ENV":                    "",
		"pg_isready BASH_FUNC_pg_isready%%":      "",
		"pg_isready ENV":                         "",
		"pg_isready PYTHONPATH":                  "",
		"pg_isready PSQL_PAGER":                  "",
		"pg_isready GIT_SSH_COMMAND":             "",
		"pg_isready HOME":                        "",
		"pg_isready NODE_OPTIONS":                "",
		"pg_isready MYPATH":                      "read",
		"pg_isready ENVIRONMENT":                 "read",
		"pg_isready|" + strings.Repeat("x|", 99): "read",
	} {
		words, variables := strings.Split(call, "|"), []string(nil)
		if last := len(words) - 1; strings.Contains(words[last], " ") && !strings.HasPrefix(words[last], " ") && !strings.ContainsAny(words[last], ";$") {
			fields := strings.Fields(words[last])
			words[last], variables = fields[0], fields[1:]
		}
		reads, may := target.ReadsProgram(words, variables), target.MayReadProgram(words, variables)
		if reads != (want == "read") || may != (want != "") {
			t.Errorf("%q with %v: reads %v, may %v; want %q", words, variables, reads, may, want)
		}
	}
	none := action.Target{Kind: "shell"}
	for name, at := range map[string]struct {
		action.Target
		argv, variables []string
		reads, may      bool
	}{
		"nothing listed":                  {none, []string{"df"}, nil, false, false},
		"nothing listed, nothing known":   {none, nil, nil, false, false},
		"something listed, nothing known": {target, nil, nil, false, true},
		"no environment":                  {action.Target{}, []string{"df"}, nil, false, true},
		"no environment, and a loader":    {action.Target{}, []string{"df"}, []string{"LD_PRELOAD"}, false, false},
	} {
		if at.ReadsProgram(at.argv, at.variables) != at.reads || at.MayReadProgram(at.argv, at.variables) != at.may {
			t.Errorf("%s: reads %v, may %v", name, at.ReadsProgram(at.argv, at.variables), at.MayReadProgram(at.argv, at.variables))
		}
	}
}

// A rule that lets its caller say which program is started lists every one.
func TestRulesThatListEveryProgram(t *testing.T) {
	for rule, opens := range map[string]string{
		"df": "", "df|-h": "", "systemctl|is-active": "", "kubectl|get": "", "docker|ps": "", "redis-cli|-p|*|info": "",
		"sh": "sh", "sh|-c": "sh", "sh|-c|df": "sh", "/bin/bash|-lc": "/bin/bash", "sh|/opt/check.sh": "", "sh|*": "sh", "C:\\Windows\\System32\\CMD.exe|/c": "",
		"env": "env", "env|A=b": "env", "env|A=b|df": "env", "env|-i|df": "env", "env|df": "", "xargs": "xargs", "xargs|df": "", "sudo": "sudo", "sudo|-u|postgres": "sudo", "sudo|systemctl|is-active": "",
		"sudo|sh": "sh", "sudo|sh|-c": "sh", "nice|-n|5|df": "nice", "nice|timeout|5s|sh": "sh", "timeout": "timeout", "timeout|5s": "timeout", "timeout|*|df": "", "timeout|5s|df": "", "timeout|5s|*": "timeout",
		"ssh|web1|uptime": "ssh", "docker": "docker", "docker|exec|db|df": "docker", "docker|compose": "docker", "docker|compose|exec|db": "docker", "docker|compose|*": "docker", "docker|compose|-f|x|ps": "docker", "docker-compose|run": "docker-compose", "docker|container|exec": "docker", "docker|compose|ps": "", "docker|container|ls": "", "docker-compose|ps": "", "docker|--host|x|ps": "docker", "docker|*": "docker", "kubectl|exec": "kubectl", "kubectl": "kubectl",
		"find|/var/log": "find", "python3|-c": "python3", "python3|/opt/check.py": "", "awk|{print}": "awk", "busybox|sh": "sh",
		"=sh|-c|df": "", "=ssh|web1|uptime": "", "=sh|-c|*": "sh", "=docker|exec|db|df": "", "=find|*|-xdev|-mtime|*": "", "=find|*|-exec|*|;": "find", "find|*|-xdev": "find",
	} {
		words, exact := strings.CutPrefix(rule, "=")
		r := action.ProgramRule{Argv: strings.Split(words, "|"), Exact: exact}
		if got := r.Opens(); got != opens {
			t.Errorf("%s opens %q, want %q", rule, got, opens)
		}
	}
}
