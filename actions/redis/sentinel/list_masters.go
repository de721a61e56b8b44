package sentinel

import (
	"cmp"
	"context"
	"slices"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type listMastersOutputs struct {
	Masters []master `yaml:"masters" doc:"The masters that it watches, by name."`
	Down    int      `yaml:"down" doc:"How many of them are held for gone."`
}

func (o listMastersOutputs) Summary() string {
	text := schema.HumanQuantity(len(o.Masters), "master", "masters")
	if o.Down > 0 {
		text += ", " + schema.HumanCount(int64(o.Down)) + " down"
	}
	return text
}

// ListMasters lists the masters that a Sentinel watches.
var ListMasters = action.New(action.Spec[action.None, listMastersOutputs]{
	Name:    "sentinel.list_masters",
	Summary: "Lists the masters that a Sentinel watches: where each is, whether it is gone, and how many replicas it has.",
	Example: `
action: sentinel.list_masters
verify: [outputs.down == 0]
`,
	Target: Target,
	Effect: action.Read,
	Run: func(ctx context.Context, call action.Call, _ action.None) (listMastersOutputs, error) {
		s, err := server.Sentinel(call)
		if err != nil {
			return listMastersOutputs{}, err
		}
		rows, err := ask(ctx, s, "MASTERS")
		o := listMastersOutputs{Masters: []master{}}
		for _, row := range rows {
			m := parseMaster(row)
			if o.Masters = append(o.Masters, m); m.Down {
				o.Down++
			}
		}
		slices.SortFunc(o.Masters, func(a, b master) int { return cmp.Compare(a.Name, b.Name) })
		return o, err
	},
})
