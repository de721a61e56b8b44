package prompt

import (
	"strings"
	"time"

	"runbook/engine/schema"
)

// Read reads what a person answers: beside what is taken in a file, y and n, now,
// and a time of day of this machine, which is that of today.
func Read(t *schema.Type, text string, now time.Time) (any, error) {
	switch word := strings.ToLower(text); t.Kind {
	case schema.Bool:
		switch word {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	case schema.Time:
		if word == "now" {
			return now.Truncate(time.Second), nil
		}
		for _, layout := range []string{"15:04", "15:04:05"} {
			if at, err := time.Parse(layout, word); err == nil {
				return time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), 0, now.Location()), nil
			}
		}
		for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
			if at, err := time.ParseInLocation(layout, word, now.Location()); err == nil {
				return at, nil
			}
		}
	}
	return schema.ParseText(t, text, false)
}

// Takes says what a field takes, as a person may answer it.
func Takes(f schema.Field) string {
	switch f.Type.Kind {
	case schema.Bool:
		return strings.Replace(f.Takes(), "bool", "y or n", 1)
	case schema.Time:
		return strings.Replace(f.Takes(), "time", "a time: now, 14:00 or 2026-11-24 14:00", 1)
	}
	return f.Takes()
}
