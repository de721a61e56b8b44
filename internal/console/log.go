package console

import (
	"fmt"
	"log/slog"

	"charm.land/log/v2"
	"github.com/charmbracelet/colorprofile"
)

// The formats of the program's log.
const (
	LogText = "text"
	LogJSON = "json"
)

// Log returns the program's logger: what it and the libraries that it is made of
// tell about themselves, from the level least on. It writes to Err, behind the
// redactor.
func (c *Console) Log(format string, least slog.Level) (*slog.Logger, error) {
	switch format {
	case LogJSON:
		return slog.New(slog.NewJSONHandler(c.Err, &slog.HandlerOptions{Level: least})), nil
	case LogText:
		return slog.New(c.lines(least)), nil
	}
	return nil, fmt.Errorf("there is no format of logs %q", format)
}

// lines writes a line for each record: "note: the output was cut".
func (c *Console) lines(least slog.Level) slog.Handler {
	h := log.NewWithOptions(c.Err, log.Options{Level: log.Level(least)})
	h.SetColorProfile(colorprofile.NoTTY)
	if c.Err.Colored() {
		h.SetColorProfile(colorprofile.ANSI)
	}
	styles := log.DefaultStyles()
	for level, label := range map[log.Level]string{
		log.DebugLevel: "debug:", log.InfoLevel: "note:", log.WarnLevel: "warning:", log.ErrorLevel: "error:",
	} {
		styles.Levels[level] = styles.Levels[level].SetString(label).UnsetWidth()
	}
	h.SetStyles(styles)
	return h
}

// Redirect makes l the logger of the whole process: that of slog, and what the
// libraries write by the standard library's, which is of interest to few.
func Redirect(l *slog.Logger) {
	slog.SetLogLoggerLevel(slog.LevelDebug)
	slog.SetDefault(l)
}
