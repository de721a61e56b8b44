package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type clusterNode struct {
	ID      string `yaml:"id" doc:"Its id."`
	Address string `yaml:"address" doc:"Its host and port."`
	Role    string `yaml:"role" doc:"master or slave, as Redis calls them."`
	Master  string `yaml:"master" doc:"Of a replica the id of its master; empty of a master."`
	Myself  bool   `yaml:"myself" doc:"Whether it is the server that was asked."`
	Failed  bool   `yaml:"failed" doc:"Whether this server or most of the masters hold it for gone."`
	LinkUp  bool   `yaml:"link_up" doc:"Whether this server is connected with it."`
	Slots   int    `yaml:"slots" doc:"How many of the 16384 slots it serves."`
}

type clusterOutputs struct {
	Enabled       bool          `yaml:"enabled" doc:"false: the server is in no cluster, and all else is empty."`
	State         string        `yaml:"state" doc:"ok, or fail while keys are not served."`
	SlotsAssigned *int          `yaml:"slots_assigned" doc:"Slots that a node has, of 16384; nil where the server does not tell, as of the figures below."`
	SlotsOK       *int          `yaml:"slots_ok" doc:"Slots whose node answers."`
	SlotsFailed   *int          `yaml:"slots_failed" doc:"Slots whose node is held for gone, by one or by most."`
	Masters       *int          `yaml:"masters" doc:"Masters that have slots."`
	Nodes         []clusterNode `yaml:"nodes" doc:"The nodes that this server knows, itself among them, by address."`
}

func (o clusterOutputs) Summary() string {
	if !o.Enabled {
		return "in no cluster"
	}
	failed := 0
	for _, n := range o.Nodes {
		if n.Failed {
			failed++
		}
	}
	text := fmt.Sprintf("%s, %s", o.State, schema.HumanQuantity(len(o.Nodes), "node", "nodes"))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if o.SlotsOK != nil {
		text += fmt.Sprintf(", %d of 16384 slots served", *o.SlotsOK)
	}
	return text
}

// Cluster tells the state of a cluster.
var Cluster = action.New(action.Spec[action.None, clusterOutputs]{
	Name:    "redis.cluster",
	Summary: "Tells the state of the cluster that a Redis server is a node of: its nodes, and which slots are served.",
	Example: `
action: redis.cluster
verify: [not outputs.enabled or outputs.state == "ok"]
`,
	Target: Target,
	Effect: action.Read,
	Run:    cluster,
})

func cluster(ctx context.Context, call action.Call, _ action.None) (clusterOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return clusterOutputs{}, err
	}
	o := clusterOutputs{Nodes: []clusterNode{}}
	text, err := s.Info(ctx, "cluster")
	if err != nil || !server.OneNode(server.ParseInfo(text)) {
		return o, err
	}
	text, err = server.Ask(ctx, s, "CLUSTER INFO", func(ctx context.Context, c *goredis.Client) (string, error) { return c.ClusterInfo(ctx).Result() })
	if err != nil {
		return o, err
	}
	f := server.ParseInfo(text)
	o.Enabled, o.State, o.Masters = true, f["cluster_state"], server.Figure(f, "cluster_size")
	o.SlotsAssigned, o.SlotsOK = server.Figure(f, "cluster_slots_assigned"), server.Figure(f, "cluster_slots_ok")
	if some, most := server.Figure(f, "cluster_slots_pfail"), server.Figure(f, "cluster_slots_fail"); some != nil && most != nil {
		failed := *some + *most
		o.SlotsFailed = &failed
	}
	text, err = server.Ask(ctx, s, "CLUSTER NODES", func(ctx context.Context, c *goredis.Client) (string, error) { return c.ClusterNodes(ctx).Result() })
	for line := range strings.Lines(text) {
		if node, ok := parseNode(line); ok {
			o.Nodes = append(o.Nodes, node)
		}
	}
	slices.SortFunc(o.Nodes, func(a, b clusterNode) int { return strings.Compare(a.Address, b.Address) })
	return o, err
}

// parseNode reads a line of CLUSTER NODES: id, ip:port@bus[,name], flags, master, ping, pong,
// epoch, link, and its slots, as 0-5460, or [93-<-id] of one that is on its way.
func parseNode(line string) (clusterNode, bool) {
	words := strings.Fields(line)
	if len(words) < 8 {
		return clusterNode{}, false
	}
	flags := strings.Split(words[2], ",")
	address, _, _ := strings.Cut(words[1], "@")
	n := clusterNode{
		ID: words[0], Address: address, Role: "master", Myself: slices.Contains(flags, "myself"), LinkUp: words[7] == "connected",
		Failed: slices.Contains(flags, "fail") || slices.Contains(flags, "fail?"),
	}
	if slices.Contains(flags, "slave") {
		n.Role, n.Master = "slave", words[3]
	}
	for _, slots := range words[8:] {
		from, to, ok := strings.Cut(slots, "-")
		if !ok {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err == nil && err2 == nil {
			n.Slots += last - first + 1
		}
	}
	return n, true
}
