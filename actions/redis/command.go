package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type commandParams struct {
	Command any `yaml:"command" doc:"A command that only reads, as a text, \"ZCARD board\", in which quotes hold words together, or as a list of its words."`
}

func (p commandParams) Brief() string {
	words, err := p.words()
	if err != nil {
		return ""
	}
	return strings.Join(words, " ")
}

type commandOutputs struct {
	Reply any `yaml:"reply" doc:"What the server answered: a text, a number, a list of such, nil for nothing. A map of RESP3 comes as a list of names and values."`
}

func (o commandOutputs) Summary() string {
	text, err := json.Marshal(o.Reply)
	if err != nil {
		return "answered"
	}
	return shortened([]string{string(text)})
}

// Command sends any command that only reads.
var Command = action.New(action.Spec[commandParams, commandOutputs]{
	Name:    "redis.command",
	Summary: "Sends a Redis server a command that only reads, and gives its reply; one that may change something is refused before it is sent.",
	Example: `
action: redis.command
with: {command: [ZCARD, board]}
verify: [outputs.reply >= 0]
`,
	Target: Target,
	Effect: action.Read,
	Run:    command,
})

// words are the words of the command.
func (p commandParams) words() ([]string, error) {
	switch c := p.Command.(type) {
	case string:
		return split(c)
	case []any:
		out := make([]string, len(c))
		for i, word := range c {
			switch word.(type) {
			case map[string]any, []any, nil:
				return nil, action.ParamError("command", "its word %d is no text and no number", i+1)
			}
			out[i] = schema.TextOf(word)
		}
		return out, nil
	}
	return nil, action.ParamError("command", "it is neither a text, as \"ZCARD board\", nor a list of words")
}

// split parts a text into words, as redis-cli does: what quotes hold is one word.
func split(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, quote := false, rune(0)
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case quote == '"' && r == '\\':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			open, quote = true, r
		case r == ' ' || r == '\t' || r == '\n':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			open = true
			word.WriteRune(r)
		}
	}
	if quote != 0 {
		return nil, action.ParamError("command", "a quote %c has no end", quote)
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// instead are the actions for what is refused, by the beginning of the command.
var instead = []struct{ begins, use string }{
	{"config get", "redis.config_get, which hides passwords"}, {"config set", "redis.config_set"}, {"config rewrite", "redis.config_rewrite"},
	{"slowlog reset", "redis.reset_slowlog"}, {"client kill", "redis.kill_clients"}, {"set ", "redis.set"}, {"setex ", "redis.set"}, {"psetex ", "redis.set"}, {"setnx ", "redis.set"},
	{"del ", "redis.delete_keys"}, {"unlink ", "redis.delete_keys"}, {"expire ", "redis.expire_keys"}, {"pexpire ", "redis.expire_keys"}, {"flush", "redis.flush"},
	{"replicaof ", "redis.replicate"}, {"slaveof ", "redis.replicate"}, {"failover ", "redis.failover"}, {"bgsave ", "redis.save"}, {"save ", "redis.save"},
}

// ofSessions are the reads that change the connection, which others use as well, and those
// that wait or tell hashes of passwords.
var ofSessions = []string{"hello", "auth", "select", "quit", "readonly", "readwrite", "multi", "exec", "discard", "watch", "unwatch", "client setname", "client setinfo", "acl list", "acl getuser"}

// refusal says why a command is not sent, and what to use; "" where it is.
func refusal(words []string) (why, use string) {
	args := make([]any, len(words))
	for i, word := range words {
		args[i] = word
	}
	whole := strings.ToLower(strings.Join(words[:min(2, len(words))], " ")) + " "
	for _, of := range instead {
		if strings.HasPrefix(whole, of.begins) {
			return "it is no read that may be sent as it is", of.use
		}
	}
	name := strings.TrimSpace(whole)
	first, _, _ := strings.Cut(name, " ")
	switch {
	case slices.Contains(ofSessions, first) || slices.Contains(ofSessions, name):
		return "it is about the connection or passwords, and not about what is kept", "another action, or shell.run with redis-cli"
	case first == "xread" && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, "block") }):
		return "it would wait", "it without BLOCK"
	case !server.IsRead(args):
		return "it is not known as one that only reads", "shell.run with redis-cli"
	}
	return "", ""
}

func command(ctx context.Context, call action.Call, p commandParams) (commandOutputs, error) {
	words, err := p.words()
	if err != nil {
		return commandOutputs{}, err
	}
	if len(words) == 0 {
		return commandOutputs{}, action.ParamError("command", "it is empty")
	}
	s, err := server.Of(call)
	if err != nil {
		return commandOutputs{}, err
	}
	named := strings.ToUpper(words[0])
	if why, use := refusal(words); why != "" {
		return commandOutputs{}, &action.Failure{
			Applied: action.AppliedNot, Where: s.Where, Final: true, What: named + " is refused: " + why, Tried: "nothing was sent", Do: []string{"use " + use},
		}
	}
	args := make([]any, len(words))
	for i, word := range words {
		args[i] = word
	}
	reply, err := server.Ask(ctx, s, named, func(ctx context.Context, c *goredis.Client) (any, error) { return c.Do(ctx, args...).Result() })
	if err != nil && !server.IsGone(err) {
		return commandOutputs{}, err
	}
	return commandOutputs{plain(reply)}, nil
}

// plain is a reply as a value of a playbook.
func plain(reply any) any {
	switch r := reply.(type) {
	case nil:
		return nil
	case string:
		return shownKey(r)
	case int64:
		return int(r)
	case bool, float64:
		return r
	case []any:
		out := make([]any, len(r))
		for i := range r {
			out[i] = plain(r[i])
		}
		return out
	case error:
		return r.Error()
	}
	return shownKey(fmt.Sprint(reply))
}
