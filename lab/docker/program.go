package docker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/lab/model"
)

// result is what a program did.
type result struct {
	output    []part
	code      int
	took      time.Duration
	unstarted bool // the engine could not start it
}

// part is output of a program, at a time since its start.
type part struct {
	at     time.Duration
	stream byte
	text   string
}

// process is a program that runs in a container.
type process struct {
	world     *model.World
	container *model.Container
	env       []string
	result
}

// execute runs a program in c. What it does to the world is done at once; how
// long it takes is in the result. A program that the container does not have is
// not started, which the engine answers on the stream.
func execute(w *model.World, c *model.Container, argv, env []string) result {
	p := &process{world: w, container: c, env: env}
	if why := missing(argv[0]); why != "" {
		return result{unstarted: true, code: 126, output: []part{{0, stdout,
			"OCI runtime exec failed: exec failed: unable to start container process: exec: " + strconv.Quote(argv[0]) + ": " + why + ": unknown\r\n"}}}
	}
	p.code = p.run(argv)
	return p.result
}

// missing says why a program cannot be started; empty where it can.
func missing(program string) string {
	switch {
	case Has(program):
		return ""
	case strings.Contains(program, "/"):
		return "stat " + program + ": no such file or directory"
	}
	return "executable file not found in $PATH"
}

// Has says whether the containers of the lab have a program.
func Has(program string) bool {
	dir, name := "", program
	if i := strings.LastIndexByte(program, '/'); i >= 0 {
		dir, name = program[:i], program[i+1:]
	}
	if dir != "" && dir != "/bin" && dir != "/usr/bin" && dir != "/usr/local/bin" {
		return false
	}
	_, ok := programs()[name]
	return ok
}

func (p *process) say(stream byte, text string) {
	p.output = append(p.output, part{p.took, stream, text})
}

// programs are those of a container, by name. They return their exit code.
func programs() map[string]func(p *process, args []string) int {
	return map[string]func(p *process, args []string) int{
		"true": func(*process, []string) int { return 0 }, "false": func(*process, []string) int { return 1 },
		"echo": echo, "printenv": printenv, "ps": list, "sleep": sleep,
		"kill": signal, "sh": shell, "bash": shell, "redis-cli": redis,
	}
}

// run runs a program that is there; 127 is that of a shell for one that is not.
func (p *process) run(argv []string) int {
	name := argv[0][strings.LastIndexByte(argv[0], '/')+1:]
	program, ok := programs()[name]
	if !ok || !Has(argv[0]) {
		p.say(stderr, "sh: "+argv[0]+": not found\n")
		return 127
	}
	return program(p, argv[1:])
}

func echo(p *process, args []string) int {
	end := "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, end = args[1:], ""
	}
	p.say(stdout, strings.Join(args, " ")+end)
	return 0
}

// value is that of a variable; the last one of a name holds.
func (p *process) value(name string) (string, bool) {
	for _, v := range slices.Backward(p.env) {
		if key, value, _ := strings.Cut(v, "="); key == name {
			return value, true
		}
	}
	if name == "HOSTNAME" {
		return shortID(p.container.ID), true
	}
	return "", false
}

func printenv(p *process, args []string) int {
	for _, name := range args {
		value, ok := p.value(name)
		if !ok {
			return 1
		}
		p.say(stdout, value+"\n")
	}
	return 0
}

func list(p *process, _ []string) int {
	text := "PID   USER     TIME  COMMAND\n"
	for _, o := range p.container.Processes {
		text += fmt.Sprintf("%5d %-8s  0:00 %s\n", o.PID, o.User, o.Command)
	}
	p.say(stdout, text)
	return 0
}

func sleep(p *process, args []string) int {
	if len(args) == 0 {
		p.say(stderr, "sleep: missing operand\n")
		return 1
	}
	for _, a := range args {
		d, err := time.ParseDuration(a)
		if seconds, numeric := strconv.ParseFloat(a, 64); numeric == nil {
			d, err = time.Duration(seconds*float64(time.Second)), nil
		}
		if err != nil || d < 0 {
			p.say(stderr, "sleep: invalid time interval '"+a+"'\n")
			return 1
		}
		p.took += d
	}
	return 0
}

// signal ends processes of the container; the first one does not listen to its
// own kind, as in Linux.
func signal(p *process, args []string) int {
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	code := 0
	for _, a := range args {
		pid, err := strconv.Atoi(a)
		at := slices.IndexFunc(p.container.Processes, func(o model.Process) bool { return o.PID == pid })
		switch {
		case err != nil || at < 0:
			p.say(stderr, "kill: can't kill pid "+a+": No such process\n")
			code = 1
		case pid != 1:
			p.container.Processes = slices.Delete(slices.Clone(p.container.Processes), at, at+1)
		}
	}
	return code
}

// redis asks the server of the lab, with the password that it wants.
func redis(p *process, args []string) int {
	password, host := "", "127.0.0.1"
	if v, ok := p.value("REDISCLI_AUTH"); ok {
		password = v
	}
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-a", "--pass":
			password, args = args[1], args[2:]
		case "-h":
			host, args = args[1], args[2:]
		default:
			args = args[1:]
		}
	}
	p.took += 3 * time.Millisecond
	local := p.container.Service == "redis" && host == "127.0.0.1"
	switch {
	case !p.world.Redis.Up || !local && host != "redis":
		p.say(stderr, "Could not connect to Redis at "+host+":6379: Connection refused\n")
		return 1
	case password != p.world.Planted().Redis:
		p.say(stdout, "NOAUTH Authentication required.\n\n")
		return 0
	}
	answer := "PONG\n"
	if command := strings.Join(args, " "); !strings.EqualFold(command, "ping") {
		answer = "ERR unknown command '" + command + "'\n\n"
	}
	p.say(stdout, answer)
	return 0
}
