package redis

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type replica struct {
	Address     string `yaml:"address" doc:"Its host and port."`
	State       string `yaml:"state" doc:"online, or what it does until it is, as wait_bgsave."`
	LagSeconds  *int   `yaml:"lag_seconds" doc:"Seconds since it last said what it has; nil where the server does not tell."`
	BehindBytes *int   `yaml:"behind_bytes" doc:"What it has not confirmed yet of the master's changes."`
}

type replicationOutputs struct {
	Role             string    `yaml:"role" doc:"master or slave, as Redis calls them; empty where the server does not tell."`
	MasterAddress    string    `yaml:"master_address" doc:"Of a replica the host and port of its master; empty of a master."`
	LinkUp           *bool     `yaml:"link_up" doc:"Of a replica whether it is connected with its master; nil of a master."`
	Syncing          *bool     `yaml:"syncing" doc:"Of a replica whether it is being given the whole data; nil of a master."`
	LastIOSeconds    *int      `yaml:"last_io_seconds" doc:"Of a replica seconds since it last heard from its master; nil without a connection."`
	ReadOnly         *bool     `yaml:"read_only" doc:"Of a replica whether clients may write nothing to it; nil of a master."`
	Replicas         []replica `yaml:"replicas" doc:"The replicas that are connected."`
	OnlineReplicas   int       `yaml:"online_replicas" doc:"How many of them are online."`
	MaxBehindBytes   *int      `yaml:"max_behind_bytes" doc:"The most that one of those is behind; nil without one."`
	OffsetBytes      *int      `yaml:"offset_bytes" doc:"How far the stream of changes is."`
	FailoverProgress string    `yaml:"failover_progress" doc:"no-failover, or how far one is; empty before Redis 6.2."`
}

func (o replicationOutputs) Summary() string {
	if o.MasterAddress != "" {
		link := "connected"
		if o.LinkUp == nil || !*o.LinkUp {
			link = "not connected"
		}
		return "replica of " + o.MasterAddress + ", " + link
	}
	text := fmt.Sprintf("%s with %s", o.Role, schema.HumanQuantity(o.OnlineReplicas, "replica", "replicas"))
	if o.MaxBehindBytes != nil {
		text += ", at most " + schema.HumanBytes(float64(*o.MaxBehindBytes)) + " behind"
	}
	return text
}

// Replication tells who replicates what.
var Replication = action.New(action.Spec[action.None, replicationOutputs]{
	Name:    "redis.replication",
	Summary: "Tells whether a Redis server is a master or a replica, of whom, and how far behind its replicas are.",
	Example: `
action: redis.replication
verify: [outputs.link_up ?? true, (outputs.max_behind_bytes ?? 0) < 1000000]
`,
	Target: Target,
	Effect: action.Read,
	Run: func(ctx context.Context, call action.Call, _ action.None) (replicationOutputs, error) {
		s, err := server.Of(call)
		if err != nil {
			return replicationOutputs{}, err
		}
		return replicationOf(ctx, s)
	},
})

func replicationOf(ctx context.Context, s *server.Server) (replicationOutputs, error) {
	text, err := s.Info(ctx, "replication")
	if err != nil {
		return replicationOutputs{}, err
	}
	return parseReplication(server.ParseInfo(text)), nil
}

func parseReplication(f map[string]string) replicationOutputs {
	o := replicationOutputs{Role: f["role"], OffsetBytes: server.Figure(f, "master_repl_offset"), FailoverProgress: f["master_failover_state"], Replicas: []replica{}}
	if host := f["master_host"]; host != "" {
		o.MasterAddress = net.JoinHostPort(host, f["master_port"])
		o.LinkUp, o.Syncing, o.ReadOnly = flag(f, "master_link_status", "up"), flag(f, "master_sync_in_progress", "1"), flag(f, "slave_read_only", "1")
		if last := server.Figure(f, "master_last_io_seconds_ago"); last != nil && *last >= 0 {
			o.LastIOSeconds = last
		}
	}
	for i := 0; ; i++ {
		line, ok := f["slave"+strconv.Itoa(i)]
		if !ok {
			return o
		}
		r := parseReplica(line, o.OffsetBytes)
		if o.Replicas = append(o.Replicas, r); r.State != "online" {
			continue
		}
		o.OnlineReplicas++
		if r.BehindBytes != nil && (o.MaxBehindBytes == nil || *r.BehindBytes > *o.MaxBehindBytes) {
			o.MaxBehindBytes = r.BehindBytes
		}
	}
}

// flag is whether a field says so; nil where it is not there.
func flag(f map[string]string, name, yes string) *bool {
	value, ok := f[name]
	if !ok {
		return nil
	}
	is := value == yes
	return &is
}

// parseReplica reads "ip=127.0.0.1,port=6380,state=online,offset=42,lag=0".
func parseReplica(line string, offset *int) replica {
	f := map[string]string{}
	for part := range strings.SplitSeq(line, ",") {
		name, value, _ := strings.Cut(part, "=")
		f[name] = value
	}
	r := replica{Address: net.JoinHostPort(f["ip"], f["port"]), State: f["state"], LagSeconds: server.Figure(f, "lag")}
	if has := server.Figure(f, "offset"); has != nil && offset != nil {
		behind := max(0, *offset-*has)
		r.BehindBytes = &behind
	}
	return r
}
