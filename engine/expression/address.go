package expression

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/schema"
)

// address puts a text together, which may be a URL, or a path below one. Then what
// its author wrote stays as written, and what an expression gives is escaped for where
// it stands, so that it can be nothing but a value there.
type address struct {
	place  schema.Place // none: values stay as they are
	text   strings.Builder
	values [][2]int // where the values stand
}

var (
	errClimbs = errors.New("a value makes . or .. of a segment of the path, which is another path then; give the path that is meant, without them")
	errNoPart = errors.New("a value leaves a segment of the path empty, which is another path then")
)

// value adds what an expression gives. At the beginning it is an address by itself:
// its slashes stay, and of a URL what else divides it. What is encoded already is not
// encoded again.
func (a *address) value(text string, encoded bool) {
	if a.place == schema.NoPlace {
		a.text.WriteString(text)
		return
	}
	from, before := a.text.Len(), a.text.String()
	authority := strings.Index(before, "://") + len("://")
	switch {
	case encoded:
	case before == "" && a.place == schema.URLPlace:
		text = allBut(text, "%/?#[]@:!$&'()*+,;=")
	case before == "":
		text = allBut(text, "/:@!$&'()*+,;=")
	case strings.ContainsAny(before, "?#"):
		text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	case a.place == schema.URLPlace && authority > len("://") && !strings.Contains(before[authority:], "/"):
		text = allBut(text, "[]:")
	default:
		text = url.PathEscape(text)
	}
	a.text.WriteString(text)
	a.values = append(a.values, [2]int{from, a.text.Len()})
}

// allBut escapes all but letters, digits and what is unreserved, and these.
func allBut(text, these string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < 0x80 && strings.IndexByte(these, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ReplaceAll(url.QueryEscape(string([]byte{c})), "+", "%20"))
		}
	}
	return b.String()
}

// whole returns the text. It is an error where a value has changed which segments
// its path has.
func (a *address) whole() (string, error) {
	text := a.text.String()
	if a.place == schema.NoPlace {
		return text, nil
	}
	path, _, _ := strings.Cut(text, "?")
	path, _, _ = strings.Cut(path, "#")
	at := 0
	if i := strings.Index(path, "://"); i >= 0 {
		at = i + len("://")
	}
	for i, segment := range strings.Split(path[at:], "/") {
		end := at + len(segment)
		for _, v := range a.values {
			if v[0] > end || v[1] < at {
				continue
			}
			switch {
			case climbs(segment):
				return "", errClimbs
			case segment == "" && i > 0 && v[0] == v[1]:
				return "", errNoPart
			}
		}
		at = end + 1
	}
	return text, nil
}

// climbs reports whether a server may take a segment of a path for this or the one
// above: in whatever way its dots are written, and with parameters behind them.
func climbs(segment string) bool {
	segment, _, _ = strings.Cut(segment, ";")
	plain, err := url.PathUnescape(segment)
	return err == nil && (plain == "." || plain == "..")
}

// notEscaped is a % that begins no escape.
var notEscaped = regexp.MustCompile(`%([^0-9A-Fa-f]|.?$|.[^0-9A-Fa-f])`)

// alone makes a path of a value that is the whole of it: its slashes, its query and
// what is escaped in it stay; what cannot stand in a path is escaped. A URL is its own:
// who sends something there asks whether it is one.
func alone(place schema.Place, text string) (string, error) {
	if place != schema.PathPlace {
		return text, nil
	}
	for notEscaped.MatchString(text) {
		text = notEscaped.ReplaceAllString(text, "%25$1")
	}
	text = allBut(text, "%/?:@!$&'()*+,;=[]")
	path, _, _ := strings.Cut(text, "?")
	for segment := range strings.SplitSeq(path, "/") {
		plain, _ := url.PathUnescape(segment)
		if slices.ContainsFunc(append(strings.FieldsFunc(plain, func(r rune) bool { return r == '/' || r == '\\' }), segment), climbs) {
			return "", errClimbs
		}
	}
	return text, nil
}
