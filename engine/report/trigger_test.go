package report

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
)

func TestBannerAndReportSayWhatBeganARun(t *testing.T) {
	fired := time.Date(2026, 11, 24, 2, 11, 45, 0, time.UTC)
	for want, trigger := range map[string]event.Trigger{
		"by maria":  {Kind: event.ByPerson, By: "maria"},
		"by maria ": {}, // a journal of before there were triggers
		"by alert HighMemoryUsage, firing since 03:11:45, fingerprint 5c1f09d2": {Kind: event.ByAlert, Alert: &event.Alert{Name: "HighMemoryUsage", Fingerprint: "5c1f09d2", Started: fired}},
		"by schedule nightly":                  {Kind: event.BySchedule, By: "nightly"},
		"by bob in chat, request 7f3a":         {Kind: event.ByChat, By: "bob", Request: "7f3a"},
		"by bob through an assistant":          {Kind: event.ByAssistant, By: "bob"},
		"by deployer over the API, request 81": {Kind: event.ByAPI, By: "deployer", Request: "81"},
	} {
		s := newStory()
		h := leakHeader()
		h.Trigger = trigger
		s.add(event.TypeRunCreated, "", h)
		r := &Run{}
		for _, e := range s.events {
			r.Apply(e)
		}
		p := newSheet(Options{Look: page.Look{Width: 100}, Location: cet})
		p.banner(&r.Run)
		var report strings.Builder
		if err := Text(&report, r, Options{Look: page.Look{Width: 100}, Location: cet}); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"banner": p.String(), "report": report.String()} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.TrimSpace(want)) {
				t.Errorf("%s of %v does not say %q:\n%s", name, trigger, want, text)
			}
		}
	}
}
