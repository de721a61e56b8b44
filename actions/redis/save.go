package redis

import (
	"context"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type saveOutputs struct {
	SavedAt    *time.Time `yaml:"saved_at" doc:"When the snapshot was complete, by the server's clock, in whole seconds; nil where it does not tell."`
	DurationMS float64    `yaml:"duration_ms" doc:"Milliseconds from the request until it was seen to be complete."`
}

func (o saveOutputs) Summary() string {
	return "saved in " + schema.HumanMilliseconds(o.DurationMS)
}

// Save writes a snapshot of a server's keys to its disk. It is not sent again: a later
// snapshot overwrites the one that was asked for, and the keys may be gone by then.
var Save = action.New(action.Spec[action.None, saveOutputs]{
	Name:    "redis.save",
	Summary: "Lets a Redis server write a snapshot of its keys to its disk in the background, and waits until it is written.",
	Example: `
action: redis.save
timeout: 5m
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     save,
	Preview: previewSave,
	Look: func(call action.Call, _ action.None, _ []action.Subject) string {
		return server.Looking(server.Of, call, "INFO persistence")
	},
	Subjects: func(ctx context.Context, call action.Call, _ action.None) ([]action.Subject, error) {
		s, err := server.Of(call)
		if err != nil {
			return nil, err
		}
		text, err := s.Info(ctx, "server")
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "server", Name: s.Where, ID: server.ParseInfo(text)["run_id"]}}, nil
	},
})

// snapshot is what a server tells of its snapshots.
type snapshot struct {
	running bool
	at      *time.Time // of the last that is complete; nil: not told
	failed  bool       // the last
	size    string     // of the server's memory, for people
}

func snapshotOf(ctx context.Context, s *server.Server) (snapshot, error) {
	text, err := s.Info(ctx)
	if err != nil {
		return snapshot{}, err
	}
	fields := server.ParseInfo(text)
	is := snapshot{running: fields["rdb_bgsave_in_progress"] == "1", size: "an unknown size"}
	status, told := fields["rdb_last_bgsave_status"]
	is.failed = told && status != "ok"
	if at := server.Figure(fields, "rdb_last_save_time"); at != nil {
		t := time.Unix(int64(*at), 0).UTC()
		is.at = &t
	}
	if used := server.Figure(fields, "used_memory"); used != nil {
		is.size = schema.HumanBytes(float64(*used))
	}
	return is, nil
}

// last says when the last snapshot was complete.
func (s snapshot) last(now time.Time) string {
	switch {
	case s.at == nil:
		return "and when it last saved is not told"
	case s.at.Unix() <= 0:
		return "never saved"
	}
	return "last saved " + schema.HumanDuration(max(0, now.Sub(*s.at))) + " ago"
}

// saved waits until no snapshot is being written. The time grows from look to
// look: most are done at once, some take minutes.
func saved(ctx context.Context, s *server.Server, call action.Call) (snapshot, error) {
	began, pause := call.Clock.Now(), 50*time.Millisecond
	for {
		is, err := snapshotOf(ctx, s)
		if err != nil || !is.running {
			return is, err
		}
		waited := call.Clock.Now().Sub(began)
		call.Progress(action.Progress{Done: int(waited / time.Second), Note: "a snapshot is being written"})
		if err := call.Clock.Sleep(ctx, pause); err != nil {
			return is, s.Failed(ctx, "waited for a snapshot", call.Clock.Now().Sub(began), err)
		}
		pause = min(2*pause, time.Second)
	}
}

// save waits for a snapshot that is being written, which may lack the latest
// changes, and then lets the server write its own.
func save(ctx context.Context, call action.Call, _ action.None) (saveOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return saveOutputs{}, err
	}
	before, err := saved(ctx, s, call)
	if err != nil {
		return saveOutputs{}, action.NotApplied(err)
	}
	started := call.Clock.Now()
	_, err = server.Ask(ctx, s, "BGSAVE", func(ctx context.Context, c *goredis.Client) (string, error) { return c.BgSave(ctx).Result() })
	if err != nil {
		return saveOutputs{}, err
	}
	after, err := saved(ctx, s, call)
	if err != nil {
		return saveOutputs{}, action.Lost(err)
	}
	took := call.Clock.Now().Sub(started)
	if after.failed {
		return saveOutputs{}, action.NotApplied(&action.Failure{
			Where: s.Where, What: "the server could not write the snapshot", Tried: "BGSAVE, once, " + schema.HumanDuration(took),
			Seen: []string{"rdb_last_bgsave_status is not ok", before.last(started)},
			Do:   []string{"read the log of the server", "check that its disk has room: the snapshot needs up to " + after.size},
		})
	}
	return saveOutputs{SavedAt: after.at, DurationMS: schema.Milliseconds(took)}, nil
}

func previewSave(ctx context.Context, call action.Call, _ action.None) (action.Preview, error) {
	s, err := server.Of(call)
	if err != nil {
		return action.Preview{}, err
	}
	is, err := snapshotOf(ctx, s)
	if err != nil {
		return action.Preview{}, err
	}
	return action.Preview{
		Summary: fmt.Sprintf("BGSAVE of %s of memory, %s", is.size, is.last(call.Clock.Now())),
		Touches: []action.Object{{Kind: "server", Name: s.Where}},
	}, nil
}
