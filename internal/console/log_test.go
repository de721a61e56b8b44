package console_test

import (
	"encoding/json"
	"log"
	"log/slog"
	"strings"
	"testing"

	"runbook/engine/schema"
	"runbook/internal/console"
)

func TestLog(t *testing.T) {
	for _, test := range []struct {
		format, color string
		least         slog.Level
		want          string
	}{
		{console.LogText, "never", slog.LevelInfo, "note: the output was cut\nwarning: odd by=redis\nerror: (secret token) n=1\n"},
		{console.LogText, "never", slog.LevelDebug, "debug: asked\nnote: the output was cut\nwarning: odd by=redis\nerror: (secret token) n=1\n"},
		{console.LogText, "always", slog.LevelWarn, "\x1b[1;92mwarning:\x1b[m odd \x1b[2mby\x1b[m\x1b[2m=\x1b[mredis\n\x1b[1;91merror:\x1b[m (secret token) \x1b[2mn\x1b[m\x1b[2m=\x1b[m1\n"},
	} {
		got := written(t, func(c *console.Console) {
			c.Color = test.color
			c.Secrets.Add(schema.NewSecret("token", "hunter2222"))
			l, err := c.Log(test.format, test.least)
			if err != nil {
				t.Fatal(err)
			}
			l.Debug("asked")
			l.Info("the output was cut")
			l.Warn("odd", "by", "redis")
			l.Error("hunter2222", "n", 1)
		})
		if got != test.want {
			t.Errorf("%s from %s, colour %s: %q, want %q", test.format, test.least, test.color, got, test.want)
		}
	}
	if _, err := console.Open().Log("xml", slog.LevelInfo); err == nil {
		t.Error("it takes a format that there is not")
	}
}

func TestLogAsJSON(t *testing.T) {
	text := written(t, func(c *console.Console) {
		c.Secrets.Add(schema.NewSecret("token", "hunter2222"))
		l, _ := c.Log(console.LogJSON, slog.LevelInfo)
		l.Info("say", "value", "a \"hunter2222\"\n")
	})
	var record struct{ Level, Msg, Value string }
	if err := json.Unmarshal([]byte(text), &record); err != nil || record.Level != "INFO" || record.Msg != "say" || record.Value != "a \"(secret token)\"\n" {
		t.Errorf("%v: %s", err, text)
	}
}

// What libraries write by the standard library's logger is in the program's log.
func TestTheStandardLoggerIsTheProgramsOwn(t *testing.T) {
	before, flags, to := slog.Default(), log.Flags(), log.Writer()
	defer func() {
		slog.SetDefault(before)
		log.SetFlags(flags)
		log.SetOutput(to)
	}()
	text := written(t, func(c *console.Console) {
		c.Secrets.Add(schema.NewSecret("token", "hunter2222"))
		l, _ := c.Log(console.LogText, slog.LevelDebug)
		console.Redirect(l)
		log.Printf("Unsolicited response starting with %q", "HTTP/1.1 hunter2222")
	})
	if want := "debug: Unsolicited response starting with \"HTTP/1.1 (secret token)\"\n"; text != want || strings.Contains(text, "hunter") {
		t.Errorf("%q, want %q", text, want)
	}
}
