package redis

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type killClientsParams struct {
	ID             *int           `yaml:"id" min:"1" doc:"Only the connection of that number, as redis.clients gives it."`
	Address        string         `yaml:"address,omitempty" doc:"Only of that client: its host, or host and port."`
	User           string         `yaml:"user,omitempty" doc:"Only of who logged in as that user."`
	Name           string         `yaml:"name,omitempty" doc:"Only of that name, which clients give themselves."`
	IdleLongerThan *time.Duration `yaml:"idle_longer_than" min:"1s" doc:"Only those that sent no command for that long."`
	Limit          int            `yaml:"limit" min:"1" max:"10000" doc:"How many may be ended; with more none is."`
}

type killClientsOutputs struct {
	Killed *int `yaml:"killed" doc:"How many connections were ended; nil where the reply was lost."`
}

func (o killClientsOutputs) Summary() string {
	if o.Killed == nil {
		return "none of them is left"
	}
	return schema.HumanQuantity(*o.Killed, "connection", "connections") + " ended"
}

// Nothing reports that all was as it should be.
func (o killClientsOutputs) Nothing() bool { return o.Killed != nil && *o.Killed == 0 }

// KillClients ends connections.
var KillClients = action.New(action.Spec[killClientsParams, killClientsOutputs]{
	Name:    "redis.kill_clients",
	Summary: "Ends connections of usual clients to a Redis server, if they are not more than a limit; those of replicas and of its master stay.",
	Example: `
action: redis.kill_clients
with: {name: worker-1, limit: 10}
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     killClients,
	Preview: previewKillClients,
	Subjects: func(ctx context.Context, call action.Call, p killClientsParams) ([]action.Subject, error) {
		s, those, err := p.chosen(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{those.subject(s)}, nil
	},
	Settle: settleKillClients,
	Look: func(call action.Call, _ killClientsParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "CLIENT LIST")
	},
})

// connections are those that a change is about.
type connections []connection

// ids name connections as nobody else is named: numbers are given anew by another process.
func (c connections) ids() []string {
	out := make([]string, 0, len(c))
	for _, one := range c {
		out = append(out, fmt.Sprintf("%d@%s", *one.ID, one.Address))
	}
	return out
}

func (c connections) subject(s *server.Server) action.Subject {
	ids := c.ids()
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return action.Subject{Kind: "clients", Name: s.Where, ID: s.Where, Version: fmt.Sprintf("%d of ids %x", len(c), sum[:4]), Parts: strings.Join(ids, " ")}
}

// chosen are the connections that match, and an error where they are too many.
func (p killClientsParams) chosen(ctx context.Context, call action.Call) (*server.Server, connections, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, nil, err
	}
	if p.ID == nil && p.Address == "" && p.User == "" && p.Name == "" && p.IdleLongerThan == nil {
		return nil, nil, action.ParamError("id", "say which connections: one of id, address, user, name and idle_longer_than is needed")
	}
	text, err := server.Ask(ctx, s, "CLIENT LIST", func(ctx context.Context, c *goredis.Client) (string, error) { return c.ClientList(ctx).Result() })
	if err != nil {
		return s, nil, err
	}
	var those connections
	for line := range strings.Lines(text) {
		if c := parseClient(strings.TrimSpace(line)); c.ID != nil && p.means(c) && !s.Owns(c.Address) {
			those = append(those, c)
		}
	}
	if len(those) > p.Limit {
		return s, nil, &action.Failure{
			Applied: action.AppliedNot, Where: s.Where, Final: true, Tried: "CLIENT LIST",
			What: fmt.Sprintf("%s match, and at most %d may be ended", schema.HumanQuantity(len(those), "connection", "connections"), p.Limit),
			Do:   []string{"look at them with redis.clients; say more narrowly which, or raise limit"},
		}
	}
	return s, those, nil
}

// means says whether a connection is meant; those of replicas and of the master never are.
func (p killClientsParams) means(c connection) bool {
	switch {
	case strings.ContainsAny(c.Flags, "SM"),
		p.ID != nil && *c.ID != *p.ID,
		p.Address != "" && c.Address != p.Address && hostOf(c.Address) != p.Address,
		p.User != "" && c.User != p.User,
		p.Name != "" && c.Name != p.Name,
		p.IdleLongerThan != nil && (c.IdleSeconds == nil || time.Duration(*c.IdleSeconds)*time.Second < *p.IdleLongerThan):
		return false
	}
	return true
}

func hostOf(address string) string {
	at := strings.LastIndexByte(address, ':')
	if at < 0 {
		return address
	}
	return strings.Trim(address[:at], "[]")
}

func killClients(ctx context.Context, call action.Call, p killClientsParams) (killClientsOutputs, error) {
	s, those, err := p.chosen(ctx, call)
	if err != nil {
		return killClientsOutputs{}, action.NotApplied(err)
	}
	killed := 0
	if len(those) == 0 {
		return killClientsOutputs{&killed}, nil
	}
	ids := make([]string, len(those))
	for i, c := range those {
		ids[i] = strconv.Itoa(*c.ID)
	}
	answers, err := pipelined(ctx, s, "CLIENT KILL of "+schema.HumanQuantity(len(ids), "connection", "connections"), ids, func(c goredis.Pipeliner, id string) *goredis.IntCmd {
		return c.ClientKillByFilter(ctx, "ID", id)
	})
	for _, a := range answers {
		if a != nil && a.Err() == nil {
			killed += int(a.Val())
		}
	}
	if err != nil && killed > 0 {
		return killClientsOutputs{&killed}, action.Partial(err)
	}
	return killClientsOutputs{&killed}, err
}

func previewKillClients(ctx context.Context, call action.Call, p killClientsParams) (action.Preview, error) {
	_, those, err := p.chosen(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{Summary: "end " + schema.HumanQuantity(len(those), "connection", "connections")}
	for _, c := range those[:min(len(those), 20)] {
		note := "last " + c.Command
		if c.IdleSeconds != nil {
			note += ", idle for " + schema.HumanDuration(time.Duration(*c.IdleSeconds)*time.Second)
		}
		preview.Touches = append(preview.Touches, action.Object{Kind: "connection", Name: c.Address, ID: strconv.Itoa(*c.ID), Note: strings.TrimSpace(c.Name + " " + note)})
		if who := hostOf(c.Address); !slices.Contains(preview.Interrupts, who) {
			preview.Interrupts = append(preview.Interrupts, who)
		}
	}
	return preview, nil
}

// settleKillClients looks whether one of those is left.
func settleKillClients(ctx context.Context, call action.Call, _ killClientsParams, subjects []action.Subject) (action.Applied, *killClientsOutputs, error) {
	s, err := server.Of(call)
	if err != nil || len(subjects) != 1 || subjects[0].Parts == "" {
		return action.AppliedLost, nil, err
	}
	text, err := server.Ask(ctx, s, "CLIENT LIST", func(ctx context.Context, c *goredis.Client) (string, error) { return c.ClientList(ctx).Result() })
	if err != nil {
		return action.AppliedLost, nil, err
	}
	var now connections
	for line := range strings.Lines(text) {
		if c := parseClient(strings.TrimSpace(line)); c.ID != nil {
			now = append(now, c)
		}
	}
	left := now.ids()
	for id := range strings.FieldsSeq(subjects[0].Parts) {
		if slices.Contains(left, id) {
			return action.AppliedLost, nil, nil
		}
	}
	return action.AppliedFully, &killClientsOutputs{}, nil
}
