package prompt

import (
	"testing"
	"time"

	"runbook/engine/schema"
)

// An approval that waits is asked before manual steps, and sets one that is asked aside.
func TestApprovalsComeFirst(t *testing.T) {
	turns := NewTurns()
	var order []string
	said := make(chan string)
	ask := func(name string, approval bool) {
		turns.Take(approval)
		said <- name
		turns.Give()
	}
	waiting := func(n int) { // until so many approvals wait
		for {
			turns.mu.Lock()
			have := turns.approvals
			turns.mu.Unlock()
			if have == n {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	turns.Take(false) // a manual step is asked
	go ask("manual", false)
	go ask("approval", true)
	waiting(1)
	go ask("approval", true)
	waiting(2)
	<-turns.ahead // which the manual step that is asked sees
	turns.Give()
	for range 3 {
		order = append(order, <-said)
	}
	if order[0] != "approval" || order[1] != "approval" || order[2] != "manual" {
		t.Errorf("asked in the order %v", order)
	}
	turns.Take(false)
	select {
	case <-turns.ahead:
		t.Error("a manual step is set aside, and no approval waits")
	default:
	}
}

func TestSpokenAnswers(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 24, 3, 12, 7, 500, zone)
	for _, test := range []struct {
		kind schema.Kind
		text string
		want any // nil: not taken
	}{
		{schema.Bool, "y", true}, {schema.Bool, "Yes", true}, {schema.Bool, "n", false}, {schema.Bool, "true", true}, {schema.Bool, "perhaps", nil},
		{schema.Time, "now", time.Date(2026, 11, 24, 3, 12, 7, 0, zone)},
		{schema.Time, "14:00", time.Date(2026, 11, 24, 14, 0, 0, 0, zone)},
		{schema.Time, "02:05:09", time.Date(2026, 11, 24, 2, 5, 9, 0, zone)},
		{schema.Time, "2026-11-23 22:00", time.Date(2026, 11, 23, 22, 0, 0, 0, zone)},
		{schema.Time, "2026-11-23T22:00:00Z", time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)},
		{schema.Time, "25:00", nil}, {schema.Time, "soon", nil},
		{schema.String, "y", "y"}, {schema.Int, "7", 7},
	} {
		got, err := Read(&schema.Type{Kind: test.kind}, test.text, now)
		same := got == test.want
		if want, isTime := test.want.(time.Time); isTime {
			at, _ := got.(time.Time)
			same = at.Equal(want)
		}
		if (err != nil) != (test.want == nil) || err == nil && !same {
			t.Errorf("%v %q = %v, %v; want %v", test.kind, test.text, got, err, test.want)
		}
	}
}
