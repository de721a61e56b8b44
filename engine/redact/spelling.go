package redact

import (
	"bytes"
	"crypto/sha256"
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
	"unicode/utf8"

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
	decoded(secret, add)
}

// decoded calls add for the text that a secret in base64 stands for, and for the password
// in it where it is a user with one, as Authorization: Basic has them.
func decoded(secret string, add func(string)) {
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(secret), "="))
	if err != nil || !utf8.Valid(text) {
		return
	}
	add(string(text))
	if _, password, ok := strings.Cut(string(text), ":"); ok {
		add(password)
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

// longestNested is the longest secret in bytes that is looked for in one spelling within
// another; of a longer one it is the lines that are.
const longestNested = 4 << 10

// spellings returns the ways in which a secret may stand in a text: in each of texts, of
// which some may stand within others, and in hexadecimal and base64 of all of these; and the sum that an expression makes of it.
func spellings(secret string) []string {
	list := texts(secret)
	if len(secret) <= longestNested {
		for _, inner := range slices.Concat(inJSONs(secret), inURLs(secret), []string{inASCII(secret), html.EscapeString(secret)}) {
			list = append(append(append(list, inJSONs(inner)...), inURLs(inner)...), html.EscapeString(inner))
		}
		slices.Sort(list)
		list = slices.Compact(list)
	}
	for _, text := range slices.Clone(list) {
		hexed := hex.EncodeToString([]byte(text))
		list = append(list, hexed, strings.ToUpper(hexed))
		for offset := range 3 {
			core := base64Core(text, offset)
			list = append(list, core, urlAlphabet.Replace(core))
			if text == secret {
				list = append(list, strings.ReplaceAll(core, "/", `\/`), url.QueryEscape(core), lowerEscapes(url.QueryEscape(core)))
				for again := range 3 {
					list = append(list, base64Core(core, again))
				}
			}
		}
	}
	list = append(list, fmt.Sprintf("%x", sha256.Sum256([]byte(secret))))
	for _, end := range []string{"\n", "\r\n"} { // a stream has these only
		list = append(list, wrapped(hex.EncodeToString([]byte(secret)), 60, end), wrapped(base64Core(secret, 0), 76, end), wrapped(base64Core(secret, 0), 64, end))
	}
	return list
}

// urlAlphabet makes base64 of URLs of the standard one.
var urlAlphabet = strings.NewReplacer("+", "-", "/", "_")

// texts returns the spellings that leave the letters of a secret as they are: as it is;
// inside a string of JSON, as JavaScript, Python and PHP write it, of Go, Python, PHP and
// shells; inside a URL; inside HTML.
func texts(secret string) []string {
	list := []string{secret, strconv.Quote(secret), strconv.QuoteToASCII(secret), html.EscapeString(secret), inBytes(secret, `\x%02x`), inBytes(secret, `\%03o`)}
	for i := range list[1:3] {
		list[1+i] = strings.TrimSuffix(list[1+i][1:], `"`)
	}
	for _, json := range append(inJSONs(secret), inASCII(secret)) {
		list = append(list, json, strings.ReplaceAll(json, "/", `\/`), unicodeEscape.ReplaceAllStringFunc(json, func(e string) string { return e[:2] + strings.ToUpper(e[2:]) }))
	}
	for _, special := range []string{`'`, `\`, `\'`, "\\\"$`", shellSpecial} {
		list = append(list, escapedBy('\\', secret, special))
	}
	list = append(list, strings.ReplaceAll(secret, "'", `'\''`), strings.ReplaceAll(secret, "'", `'"'"'`))
	for _, escaped := range inURLs(secret) {
		list = append(list, escaped, lowerEscapes(escaped))
	}
	for _, quotes := range []string{"&#x27; &quot;", "&#039; &quot;", "&#39; &quot;", "&apos; &quot;"} {
		single, double, _ := strings.Cut(quotes, " ")
		list = append(list, strings.NewReplacer("&#39;", single, "&#34;", double).Replace(html.EscapeString(secret)))
	}
	return append(list, strings.ReplaceAll(html.EscapeString(secret), "+", "&#43;"))
}

// inJSONs are the ways in which a text stands inside a string of JSON.
func inJSONs(s string) []string {
	page, plain := inJSON(s, true), inJSON(s, false)
	return []string{page, plain, inJSON(page, true), inJSON(plain, false)}
}

// inURLs are the ways in which a text stands inside a URL.
func inURLs(s string) []string {
	component := strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%7E", "~").Replace(url.QueryEscape(s))
	quoted := strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	return []string{
		url.QueryEscape(s), url.PathEscape(s), url.UserPassword("", s).String()[1:], component,
		quoted, strings.ReplaceAll(quoted, "%2F", "/"), whole.Replace(component),
	}
}

// inBytes is s with each byte that is not of ASCII in a format.
func inBytes(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, format, s[i])
		}
	}
	return b.String()
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
