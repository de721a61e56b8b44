package docker

import (
	"strconv"
	"strings"
)

// shell runs the part of a shell's language that operations need: commands with
// quotes and variables, joined by ; && and ||, output to >&2, and exit.
func shell(p *process, args []string) int {
	if len(args) < 2 || args[0] != "-c" {
		return 0 // it reads a standard input that is empty
	}
	words, ok := p.words(args[1])
	if !ok {
		p.say(stderr, "sh: syntax error: this shell knows words, quotes, variables, ; && || and >&2 only\n")
		return 2
	}
	code, skip := 0, false
	for len(words) > 0 {
		n := 0
		for n < len(words) && !words[n].joins {
			n++
		}
		var command []string
		errors := false
		for _, word := range words[:n] {
			if word.text == ">&2" && !word.quoted {
				errors = true
				continue
			}
			command = append(command, word.text)
		}
		if len(command) > 0 && !skip {
			if command[0] == "exit" {
				return exitCode(command, code)
			}
			first := len(p.output)
			code = p.run(command)
			for i := range p.output[first:] {
				if errors {
					p.output[first+i].stream = stderr
				}
			}
		}
		if n == len(words) {
			break
		}
		skip = words[n].text == "&&" && code != 0 || words[n].text == "||" && code == 0
		words = words[n+1:]
	}
	return code
}

func exitCode(command []string, last int) int {
	if len(command) < 2 {
		return last
	}
	n, err := strconv.Atoi(command[1])
	if err != nil {
		return 2
	}
	return n & 0xff
}

// word is a word of a command, or what joins two commands.
type word struct {
	text          string
	joins, quoted bool
}

// words splits a line; ok is false for what this shell does not know.
func (p *process) words(line string) (words []word, ok bool) {
	var text strings.Builder
	open, quoted := false, false
	end := func() {
		if open {
			words = append(words, word{text: text.String(), quoted: quoted})
		}
		text.Reset()
		open, quoted = false, false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ' || c == '\t':
			end()
		case c == ';' || c == '\n':
			end()
			words = append(words, word{text: ";", joins: true})
		case strings.HasPrefix(line[i:], "&&") || strings.HasPrefix(line[i:], "||"):
			end()
			words = append(words, word{text: line[i : i+2], joins: true})
			i++
		case strings.HasPrefix(line[i:], ">&2") || strings.HasPrefix(line[i:], "1>&2"):
			end()
			words = append(words, word{text: ">&2"})
			i += strings.IndexByte(line[i:], '2')
		case c == '\'' || c == '"':
			closing := strings.IndexByte(line[i+1:], c)
			if closing < 0 {
				return nil, false
			}
			inner := line[i+1 : i+1+closing]
			if c == '"' {
				inner = p.expand(inner)
			}
			text.WriteString(inner)
			open, quoted = true, true
			i += closing + 1
		case c == '$':
			n := 1
			for n < len(line)-i && isName(line[i+n]) {
				n++
			}
			text.WriteString(p.expand(line[i : i+n]))
			open = true
			i += n - 1
		case strings.IndexByte("|&<>`(){}*\\", c) >= 0:
			return nil, false
		default:
			text.WriteByte(c)
			open = true
		}
	}
	end()
	return words, true
}

// expand puts in the values of $NAME.
func (p *process) expand(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n := 0
		for n < len(after) && isName(after[n]) {
			n++
		}
		if n == 0 {
			b.WriteByte('$')
		}
		value, _ := p.value(after[:n])
		b.WriteString(value)
		text = after[n:]
	}
}

func isName(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
