// Package sentinel has the actions that talk to a Redis Sentinel, which watches Redis
// servers and names another master when one is gone.
package sentinel

import (
	"context"
	"net"
	"slices"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
)

// Target is the kind of target that sentinel actions talk to.
var Target = server.SentinelTarget

// master is what a Sentinel tells of a master that it watches; see SENTINEL MASTERS in the
// manual of Redis.
type master struct {
	Name             string `yaml:"name" doc:"The name under which it is watched."`
	Address          string `yaml:"address" doc:"Host and port of the present master."`
	Down             bool   `yaml:"down" doc:"Whether this Sentinel, or enough of them, hold it for gone."`
	Quorum           *int   `yaml:"quorum" doc:"How many Sentinels must hold it for gone; nil where the Sentinel does not tell, as of the figures below."`
	Sentinels        *int   `yaml:"sentinels" doc:"How many Sentinels watch it, this one among them."`
	Replicas         *int   `yaml:"replicas" doc:"How many replicas are known."`
	FailoverUnderWay bool   `yaml:"failover_under_way" doc:"Whether another master is being named."`
	Flags            string `yaml:"flags" doc:"As Sentinel has them: s_down of one that this Sentinel holds for gone, o_down of one that enough do."`
}

// parseMaster reads the fields of a master.
func parseMaster(f map[string]string) master {
	m := master{
		Name: f["name"], Address: net.JoinHostPort(f["ip"], f["port"]), Flags: f["flags"],
		Quorum: server.Figure(f, "quorum"), Replicas: server.Figure(f, "num-slaves"),
	}
	flags := strings.Split(m.Flags, ",")
	m.Down = slices.Contains(flags, "s_down") || slices.Contains(flags, "o_down")
	m.FailoverUnderWay = slices.Contains(flags, "failover_in_progress")
	if others := server.Figure(f, "num-other-sentinels"); others != nil {
		all := *others + 1
		m.Sentinels = &all
	}
	return m
}

// ask sends a command of SENTINEL whose answer is one list of names and values, or many.
func ask(ctx context.Context, s *server.Server, words ...string) ([]map[string]string, error) {
	rows, err := server.Ask(ctx, s, "SENTINEL "+strings.Join(words, " "), func(ctx context.Context, c *goredis.Client) ([]any, error) {
		args := []any{"SENTINEL"}
		for _, word := range words {
			args = append(args, word)
		}
		return c.Do(ctx, args...).Slice()
	})
	var out []map[string]string
	if len(rows) > 0 {
		if _, flat := rows[0].(string); flat {
			rows = []any{rows}
		}
	}
	for _, row := range rows {
		fields := map[string]string{}
		list, _ := row.([]any)
		for i := 0; i+1 < len(list); i += 2 {
			name, _ := list[i].(string)
			fields[name], _ = list[i+1].(string)
		}
		out = append(out, fields)
	}
	return out, explained(s, err)
}

// explained says what to do about answers that only a Sentinel gives.
func explained(s *server.Server, err error) error {
	if err == nil || !server.Answered(err) {
		return err
	}
	f := *action.AsFailure(err)
	switch {
	case strings.Contains(f.What, "No such master"):
		f.What, f.Final = "it watches no master of that name ("+f.What+")", true
		f.Do = []string{"correct master; sentinel.list_masters lists the names, as does " + s.Command("SENTINEL MASTERS")}
	case strings.HasPrefix(f.What, "INPROG"):
		f.What = "another master is being named already (" + f.What + ")"
		f.Do = []string{"wait, and look: sentinel.list_masters"}
	case strings.HasPrefix(f.What, "NOGOODSLAVE"):
		f.What = "no replica is fit to be the master (" + f.What + ")"
		f.Do = []string{s.Command("SENTINEL REPLICAS name") + "; start a replica, or let one catch up"}
	case strings.Contains(f.What, "unknown command"):
		f.Final, f.Do = true, []string{"check whether a Sentinel listens there, mostly at port 26379, and not a Redis server: " + s.Call.Setting("address")}
	}
	return &f
}

// named is a parameter that names a master.
type named struct {
	Master string `yaml:"master" pattern:"^[A-Za-z0-9._-]+$" doc:"The name under which the Sentinel watches it."`
}

func (p named) Brief() string { return p.Master }

// read returns the state of the master.
func (p named) read(ctx context.Context, call action.Call) (*server.Server, master, error) {
	s, err := server.Sentinel(call)
	if err != nil {
		return nil, master{}, err
	}
	rows, err := ask(ctx, s, "MASTER", p.Master)
	if err != nil {
		return s, master{}, err
	}
	if len(rows) == 0 {
		return s, master{}, &action.Failure{Where: s.Where, What: "the Sentinel answered with nothing", Tried: "SENTINEL MASTER " + p.Master, Do: []string{s.Command("SENTINEL MASTERS")}}
	}
	return s, parseMaster(rows[0]), nil
}
