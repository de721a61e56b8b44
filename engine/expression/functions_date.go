package expression

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"runbook/engine/schema"
)

// timeLayout reads texts of one form as times.
type timeLayout struct {
	source string
	text   *regexp.Regexp // of a layout with %: what it matches, with a group for each part
	parts  string         // the parts in the way of package time
	epoch  bool           // seconds since 1970
}

// directives are those of strftime that a layout may have: what they match, and how
// package time writes them.
var directives = map[byte][2]string{
	'Y': {`\d{4}`, "2006"}, 'y': {`\d\d`, "06"}, 'm': {`\d\d`, "01"}, 'd': {`\d\d`, "02"}, 'e': {` ?\d{1,2}`, "_2"}, 'j': {`\d{3}`, "002"},
	'H': {`\d\d`, "15"}, 'I': {`\d\d`, "03"}, 'p': {`[AP]M`, "PM"}, 'M': {`\d\d`, "04"}, 'S': {`\d\d(?:[.,]\d{1,9})?`, "05"},
	'b': {`[A-Za-z]{3}`, "Jan"}, 'B': {`[A-Za-z]+`, "January"}, 'a': {`[A-Za-z]{3}`, "Mon"}, 'A': {`[A-Za-z]+`, "Monday"},
	'z': {`Z|[+-]\d\d:?\d\d`, "Z0700"}, 'Z': {`[A-Z]{1,5}`, "MST"}, 's': {`-?\d{1,18}`, ""},
}

// wholes are the directives that stand for several.
var wholes = strings.NewReplacer("%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%R", "%H:%M", "%D", "%m/%d/%y")

// separator stands between the parts that a layout with % found.
const separator = "|"

// layout reads how a time is written: with the directives of strftime, as
// %Y-%m-%d, or by the reference time of Go, as 2006-01-02.
func layout(source string) (any, error) {
	l := &timeLayout{source: source, parts: source}
	if strings.Contains(source, "%") {
		if err := l.directives(wholes.Replace(source)); err != nil {
			return nil, err
		}
	}
	if !l.epoch && !strings.Contains(l.parts, "06") {
		return nil, fmt.Errorf("the layout %q has no year: write %%Y, as in \"%%Y-%%m-%%d %%H:%%M:%%S\"", source)
	}
	return l, nil
}

func (l *timeLayout) directives(source string) error {
	var match strings.Builder
	var parts []string
	for i := 0; i < len(source); i++ {
		if source[i] != '%' {
			match.WriteString(regexp.QuoteMeta(source[i : i+1]))
			continue
		}
		i++
		if i < len(source) && source[i] == '%' {
			match.WriteByte('%')
			continue
		}
		d, known := [2]string{}, false
		if i < len(source) {
			d, known = directives[source[i]]
		}
		if !known {
			return fmt.Errorf("%q is no directive of a layout, those are %%Y %%m %%d %%e %%H %%M %%S %%b %%a %%z %%Z %%s and their like in strftime", source[i-1:min(i+1, len(source))])
		}
		l.epoch = l.epoch || source[i] == 's'
		match.WriteString("(" + d[0] + ")")
		parts = append(parts, d[1])
	}
	if l.epoch && len(parts) > 1 {
		return errors.New("%s is the whole time: it stands alone in a layout")
	}
	l.text, l.parts = regexp.MustCompile("^"+match.String()+"$"), strings.Join(parts, separator)
	return nil
}

func callDate(_ *machine, args []any) (any, error) {
	if len(args) == 1 {
		t, err := schema.ParseTime(args[0].(string))
		return t.In(time.UTC), err
	}
	return args[1].(*timeLayout).parse(args[0].(string))
}

func (l *timeLayout) parse(text string) (any, error) {
	parts := strings.TrimSpace(text)
	wrong := fmt.Errorf("%q is no time of the form %q", text, l.source)
	if l.text != nil {
		found := l.text.FindStringSubmatch(parts)
		if found == nil {
			return nil, wrong
		}
		parts = strings.Join(found[1:], separator)
	}
	if l.epoch {
		seconds, err := strconv.ParseInt(parts, 10, 64)
		if err != nil {
			return nil, wrong
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	if l.text != nil { // what strftime writes in two ways
		parts = offset.ReplaceAllString(parts, "$1$2")
	}
	t, err := time.ParseInLocation(l.parts, parts, time.UTC)
	if err != nil {
		return nil, wrong
	}
	if zone, seconds := t.Zone(); seconds == 0 && zone != "" && zone != "UTC" && zone != "GMT" {
		return nil, fmt.Errorf("the zone %s of %q may be several: give the time in UTC or with an offset, as +0100", zone, text)
	}
	return t.UTC(), nil
}

// offset is a zone in hours and minutes, with a colon.
var offset = regexp.MustCompile(`([+-]\d\d):(\d\d)`)
