package redis

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type setParams struct {
	Key   string         `yaml:"key" doc:"The key."`
	Value schema.Text    `yaml:"value" doc:"The text that it shall have; it may be a secret, and is shown nowhere then."`
	TTL   *time.Duration `yaml:"ttl" min:"1ms" max:"87600h" doc:"How long it is kept; without it for ever, also where it was to expire."`
	If    string         `yaml:"if" enum:"always,missing,exists" default:"always" doc:"Whether to set it only where there is no such key, or only where there is."`
}

func (p setParams) Brief() string { return shownKey(p.Key) }

type setOutputs struct {
	Key     string `yaml:"key" doc:"The key."`
	Existed bool   `yaml:"existed" doc:"Whether there was such a key before."`
	Changed bool   `yaml:"changed" doc:"false: what if asks for did not hold, or it had the value and was kept for ever already."`
}

func (o setOutputs) Summary() string {
	switch {
	case !o.Changed:
		return o.Key
	case o.Existed:
		return o.Key + " set anew"
	}
	return o.Key + " made"
}

// Nothing reports that all was as it should be.
func (o setOutputs) Nothing() bool { return !o.Changed }

// Set gives a key a text.
var Set = action.New(action.Spec[setParams, setOutputs]{
	Name:    "redis.set",
	Summary: "Gives a key of a Redis server a text as its value, whatever it was before.",
	Example: `
action: redis.set
with: {key: "feature:checkout", value: "off", ttl: 1h}
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     set,
	Preview: previewSet,
	Subjects: func(ctx context.Context, call action.Call, p setParams) ([]action.Subject, error) {
		s, err := server.Of(call)
		if err != nil {
			return nil, err
		}
		is, err := holds(ctx, s, p.Key)
		return []action.Subject{{Kind: "key", Name: shownKey(p.Key), ID: s.Where + " " + shownKey(p.Key), Version: is.version()}}, err
	},
	Settle: settleSet,
	Look: func(call action.Call, p setParams, _ []action.Subject) string {
		if p.Value.IsSecret() {
			return server.Looking(server.Of, call, "TTL "+action.Quote(p.Key))
		}
		return server.Looking(server.Of, call, "GET "+action.Quote(p.Key))
	},
})

// held is what a key holds.
type held struct {
	key
	length int64
	text   string // of a string, its beginning
}

func holds(ctx context.Context, s *server.Server, name string) (held, error) {
	is, err := keyOf(ctx, s, name)
	h := held{key: is}
	if err != nil || !is.exists() || readers[is.kind] == nil {
		return h, err
	}
	of, err := server.Ask(ctx, s, "reading the "+is.kind+" "+shownKey(name), func(ctx context.Context, c *goredis.Client) (content, error) {
		if is.kind != "string" {
			return readers[is.kind](ctx, c, name, 1)
		}
		length, err := c.StrLen(ctx, name).Result()
		if err != nil {
			return content{}, err
		}
		text, err := c.GetRange(ctx, name, 0, shownBytes-1).Result()
		return content{text, length, 0}, err
	})
	h.length = of.length
	h.text, _ = of.value.(string)
	return h, err
}

// version tells two values apart without showing either.
func (h held) version() string {
	if !h.exists() {
		return "none"
	}
	sum := sha256.Sum256([]byte(h.text))
	return fmt.Sprintf("%s of %d, %x", h.kind, h.length, sum[:4])
}

// has says whether the key holds a text.
func (h held) has(text string) bool {
	return h.kind == "string" && h.length == int64(len(text)) && strings.HasPrefix(text, h.text)
}

// told is what a key holds, for people.
func (h held) told() string {
	text := "nothing"
	switch {
	case h.kind == "string":
		text = "a text of " + schema.HumanBytes(float64(h.length))
	case h.exists():
		text = fmt.Sprintf("a %s of %s", h.kind, schema.HumanQuantity(int(h.length), "element", "elements"))
	}
	return text + kept(h.exists(), h.left)
}

func kept(exists bool, left time.Duration) string {
	switch {
	case !exists:
		return ""
	case left > 0:
		return ", kept for " + schema.HumanDuration(left)
	}
	return ", kept for ever"
}

// idle says why nothing is to be done; "" where something is.
func (p setParams) idle(is held) string {
	switch {
	case p.If == "missing" && is.exists():
		return "it exists"
	case p.If == "exists" && !is.exists():
		return "it does not exist"
	case p.TTL == nil && is.left == 0 && is.has(p.Value.Reveal()):
		return "it has the value already"
	}
	return ""
}

func set(ctx context.Context, call action.Call, p setParams) (setOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return setOutputs{}, err
	}
	is, err := holds(ctx, s, p.Key)
	if err != nil {
		return setOutputs{}, action.NotApplied(err)
	}
	o := setOutputs{Key: shownKey(p.Key), Existed: is.exists()}
	if p.idle(is) != "" {
		return o, nil
	}
	args := goredis.SetArgs{Mode: map[string]string{"missing": "NX", "exists": "XX"}[p.If]}
	if p.TTL != nil {
		args.TTL = *p.TTL
	}
	_, err = server.Ask(ctx, s, "SET "+shownKey(p.Key), func(ctx context.Context, c *goredis.Client) (string, error) {
		return c.SetArgs(ctx, p.Key, p.Value.Reveal(), args).Result()
	})
	if server.IsGone(err) { // somebody was quicker
		o.Existed = p.If == "missing"
		return o, nil
	}
	o.Changed = err == nil
	return o, err
}

func previewSet(ctx context.Context, call action.Call, p setParams) (action.Preview, error) {
	s, err := server.Of(call)
	if err != nil {
		return action.Preview{}, err
	}
	is, err := holds(ctx, s, p.Key)
	if err != nil {
		return action.Preview{}, err
	}
	name := shownKey(p.Key)
	if why := p.idle(is); why != "" {
		return action.Preview{Summary: name + " is left as it is: " + why}, nil
	}
	left := time.Duration(0)
	if p.TTL != nil {
		left = *p.TTL
	}
	after := fmt.Sprintf("a text of %s%s", schema.HumanBytes(float64(len(p.Value.Reveal()))), kept(true, left))
	return action.Preview{
		Summary: "SET " + name,
		Touches: []action.Object{{Kind: "key", Name: name, Note: is.kind}},
		Changes: []action.Change{{Name: name, Before: is.told(), After: after}},
	}, nil
}

// settleSet reads the key again. Where it held the text before, that it does proves nothing.
func settleSet(ctx context.Context, call action.Call, p setParams, subjects []action.Subject) (action.Applied, *setOutputs, error) {
	s, err := server.Of(call)
	if err != nil || len(subjects) != 1 {
		return action.AppliedLost, nil, err
	}
	is, err := holds(ctx, s, p.Key)
	if err != nil || is.version() == subjects[0].Version || !is.has(p.Value.Reveal()) || (p.TTL == nil) != (is.left == 0) {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &setOutputs{Key: shownKey(p.Key), Existed: subjects[0].Version != "none", Changed: true}, nil
}
