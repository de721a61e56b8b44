package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"runbook/engine/schema"
)

// deepest is how far parts looks for parts of parts; most is how many of those that
// are not parts of the secret itself it takes.
const (
	deepest = 3
	most    = 1000
)

// parts returns a secret, what of it is one by itself, and the same of that in turn: the
// lines of a key that stands in JSON, the password of an address that does.
func parts(secret string) []string {
	list := []string{secret}
	seen := map[string]bool{secret: true}
	for depth, from := 0, 0; depth < deepest; depth++ {
		level := list[from:]
		from = len(list)
		for _, whole := range level {
			within(whole, func(part string) {
				part = strings.TrimSpace(part)
				if len(part) < MinLength || seen[part] || depth > 0 && len(list)-from >= most {
					return
				}
				seen[part] = true
				list = append(list, part)
			})
		}
	}
	return list
}

// within calls add for what of a secret is one by itself: each line, as who prints a key
// prints it line by line; of an address its password, or the user that is one, and what
// stands behind its host; of a list of keys the values of those that name a secret; of
// JSON its texts and numbers.
func within(secret string, add func(string)) {
	for _, line := range strings.FieldsFunc(secret, func(c rune) bool { return c == '\n' || c == '\r' }) {
		add(line)
	}
	login(secret, add)
	if u, err := url.Parse(strings.TrimSpace(secret)); err == nil && u.Host != "" {
		password, _ := u.User.Password()
		add(password)
		add(strings.TrimPrefix(u.RequestURI(), "/"))
		for _, segment := range strings.Split(u.Path, "/") {
			if len(segment) >= leastSegment {
				add(segment)
			}
		}
		for _, values := range u.Query() {
			add(strings.Join(values, ","))
		}
	}
	for _, found := range keyed.FindAllStringSubmatch(secret, -1) {
		value := found[1]
		if quote := value[0]; len(value) > 1 && (quote == '\'' || quote == '"') && value[len(value)-1] == quote {
			value = value[1 : len(value)-1]
			add(unescape.Replace(value))
		}
		add(value)
		if i := strings.IndexAny(value, ",&"); i > 0 {
			add(value[:i])
		}
	}
	if value, err := schema.ParseJSON([]byte(secret)); err == nil {
		leaves(value, add)
	}
}

// keyed is the value of a key that names a secret, as in host=x password=y.
var keyed = regexp.MustCompile(`(?i)(?:pass|pwd|secret|token|key)\w*\s*=\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s;]+)`)

var unescape = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\"`, `"`)

// login calls add for the password that stands before the last @ of a line, as clients
// read addresses that are no URL to url.Parse: user:pw@tcp(host)/db, or a password with
// a raw slash. Where there is none, the user of a URL is the secret.
func login(secret string, add func(string)) {
	secret = strings.TrimSpace(secret)
	_, rest, isURL := strings.Cut(secret, "://")
	if !isURL {
		rest = secret
	}
	end := strings.LastIndexByte(rest, '@')
	if end < 0 || strings.ContainsAny(rest, "\r\n") {
		return
	}
	user, password, _ := strings.Cut(rest[:end], ":")
	if password == "" || password == "x-oauth-basic" {
		if password = user; !isURL || strings.Contains(user, "/") {
			return
		}
	}
	add(password)
	if plain, err := url.PathUnescape(password); err == nil {
		add(plain)
	}
}

// leastSegment is the least length in bytes of a segment of a secret address that is
// taken for a secret by itself; shorter ones are words.
const leastSegment = 16

// leaves calls add for each text and number in a value.
func leaves(v any, add func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			leaves(v[key], add)
		}
	case []any:
		for _, item := range v {
			leaves(item, add)
		}
	case string, int, float64:
		add(schema.TextOf(v))
	}
}

// spellings returns the ways in which a secret may stand in a text: as it is;
// inside a string of JSON, as JavaScript, Python and PHP write it, also within another
// one, of Go, Python, PHP and shells; inside a URL; inside HTML; in hexadecimal; in base64, at each of the three
// places where it may begin in a group.
func spellings(secret string) []string {
	hexed := hex.EncodeToString([]byte(secret))
	list := []string{secret, strconv.Quote(secret), hexed, strings.ToUpper(hexed), html.EscapeString(secret)}
	list[1] = list[1][1 : len(list[1])-1]
	page, plain := inJSON(secret, true), inJSON(secret, false)
	for _, json := range []string{page, plain, inASCII(secret), inJSON(page, true), inJSON(plain, false)} {
		list = append(list, json, strings.ReplaceAll(json, "/", `\/`), unicodeEscape.ReplaceAllStringFunc(json, func(e string) string { return e[:2] + strings.ToUpper(e[2:]) }))
	}
	for _, special := range []string{`'`, `\`, `\'`, "\\\"$`", shellSpecial} {
		list = append(list, escapedBy('\\', secret, special))
	}
	list = append(list, strings.ReplaceAll(secret, "'", `'\''`), strings.ReplaceAll(secret, "'", `'"'"'`))
	component := strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%7E", "~").Replace(url.QueryEscape(secret))
	quoted := strings.ReplaceAll(url.QueryEscape(secret), "+", "%20")
	for _, escaped := range []string{
		url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:], component,
		quoted, strings.ReplaceAll(quoted, "%2F", "/"), whole.Replace(component),
	} {
		list = append(list, escaped, lowerEscapes(escaped))
	}
	for _, quotes := range []string{"&#x27; &quot;", "&#039; &quot;", "&#39; &quot;", "&apos; &quot;"} {
		single, double, _ := strings.Cut(quotes, " ")
		list = append(list, strings.NewReplacer("&#39;", single, "&#34;", double).Replace(html.EscapeString(secret)))
	}
	for _, end := range []string{"\n", "\r\n"} {
		list = append(list, wrapped(hexed, 60, end), wrapped(base64Core(secret, 0), 76, end), wrapped(base64Core(secret, 0), 64, end))
	}
	for offset := range 3 {
		core := base64Core(secret, offset)
		list = append(list, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	return list
}

// unicodeEscape is a character that JSON gives by its number; some write it in capitals.
var unicodeEscape = regexp.MustCompile(`\\u[0-9a-f]{4}`)

// whole makes of what encodeURIComponent gives what encodeURI gives.
var whole = strings.NewReplacer("%3B", ";", "%2C", ",", "%2F", "/", "%3F", "?", "%3A", ":", "%40", "@", "%26", "&", "%3D", "=", "%2B", "+", "%24", "$", "%23", "#")

// wrapped is s in lines of width characters, as base64, openssl and xxd -p print what is
// long.
func wrapped(s string, width int, end string) string {
	var b strings.Builder
	for ; len(s) > width; s = s[width:] {
		b.WriteString(s[:width] + end)
	}
	return b.String() + s
}

// shellSpecial are the characters before which a shell's printf %q puts a backslash.
const shellSpecial = " !\"#$&'()*,;<>?[\\]^`{|}~"

// escapedBy puts mark before each character of special.
func escapedBy(mark byte, s, special string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(special, s[i]) >= 0 {
			b.WriteByte(mark)
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// inASCII is s inside a JSON string that has ASCII only.
func inASCII(s string) string {
	var b strings.Builder
	for _, c := range inJSON(s, false) {
		if c < 0x80 {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func inJSON(s string, html bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if e.Encode(s) != nil {
		return ""
	}
	return b.String()[1 : b.Len()-2]
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
			i += 2
		}
	}
	return string(b)
}

// base64Core returns the characters that s alone decides when it follows
// offset bytes in what is encoded.
func base64Core(s string, offset int) string {
	all := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), s...))
	first := (offset*8 + 5) / 6
	last := (offset + len(s)) * 8 / 6
	return all[first:last]
}
