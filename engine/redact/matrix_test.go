package redact_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"runbook/engine/redact"
	"runbook/engine/schema"
)

// shaped are secrets of every shape: for each what of it nobody may read.
func shaped(n int) []struct{ secret, hidden string } {
	r := rand.New(rand.NewPCG(7, 7))
	from := func(alphabet string, n int) string {
		runes, b := []rune(alphabet), strings.Builder{}
		for range n {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
	const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	var out []struct{ secret, hidden string }
	for i := range n {
		token := from(letters, 8+r.IntN(30))
		secret, hidden := token, token
		switch i % 10 {
		case 1: // what a password generator gives
			secret = from(letters+` !"#$%&'()*+,-./:;<=>?@[\]^_{|}~`+"`", 10+r.IntN(30))
			secret = "x" + secret + "x" // a text keeps no blanks at its ends
			hidden = secret
		case 2: // another alphabet
			secret = from("äöüßéñçøłαβγжшщ漢字パス🔑/'\"+ "+letters, 10+r.IntN(20))
			secret = "ü" + secret + "ü"
			hidden = secret
		case 3:
			secret = "-----BEGIN KEY-----\n" + from(letters+"+/", 64) + "\n" + token + "\n-----END KEY-----"
		case 4:
			secret = fmt.Sprintf("mongodb://ann:%s@db:27017/app", url.QueryEscape(token))
		case 5:
			token = from(letters, 16+r.IntN(20))
			secret, hidden = "https://hooks.example.net/services/T0/"+token, token
		case 6:
			secret = fmt.Sprintf(`{"type": "account", "private_key": %q, "n": [1, 2]}`, token)
		case 7:
			secret = strconv.Itoa(10000000 + r.IntN(1<<40))
			hidden = secret
		case 8:
			secret = hex.EncodeToString([]byte(token))
			hidden = secret
		case 9:
			secret = base64.StdEncoding.EncodeToString([]byte(from(letters+"~?>", 30)))
			hidden = secret
		}
		out = append(out, struct{ secret, hidden string }{secret, hidden})
	}
	return out
}

func mustJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ascii is s as Python's json.dumps and PHP's json_encode write it, but for the slashes.
func ascii(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < 0x80:
			b.WriteRune(c)
		default:
			for _, u := range utf16.Encode([]rune{c}) {
				fmt.Fprintf(&b, `\u%04x`, u)
			}
		}
	}
	return b.String()
}

// component is what JavaScript's encodeURIComponent gives.
func component(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 0x80 && strings.ContainsRune("-_.!~*'()", rune(c)) || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// quotedForShell is what printf %q of a shell gives.
func quotedForShell(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c < 0x80 && !strings.ContainsRune("-_./:=+%@"+"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

var encodings = map[string]func(string) string{
	"raw":            func(s string) string { return s },
	"JSON":           mustJSON,
	"JSON in JSON":   func(s string) string { return mustJSON(mustJSON(s)) },
	"JSON of Python": func(s string) string { return `"` + ascii(s) + `"` },
	"JSON of PHP":    func(s string) string { return `"` + strings.ReplaceAll(ascii(s), "/", `\/`) + `"` },
	"Go":             strconv.Quote,
	"repr of Python": func(s string) string { return `'` + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + `'` },
	"single quotes":  func(s string) string { return `'` + strings.ReplaceAll(s, `'`, `'\''`) + `'` },
	"double quotes": func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s) + `"`
	},
	"printf %q":          quotedForShell,
	"query":              url.QueryEscape,
	"path":               url.PathEscape,
	"encodeURIComponent": component,
	"HTML":               html.EscapeString,
	"HTML of Python": func(s string) string {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#x27;", `"`, "&quot;").Replace(s)
	},
	"encodeURI": func(s string) string {
		return strings.NewReplacer("%2F", "/", "%3A", ":", "%40", "@", "%26", "&", "%3D", "=", "%2B", "+", "%24", "$", "%23", "#", "%3B", ";", "%2C", ",", "%3F", "?").Replace(component(s))
	},
	"quote of Python": func(s string) string {
		return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s))
	},
	"JSON in capitals": func(s string) string {
		return `"` + regexp.MustCompile(`\\u....`).ReplaceAllStringFunc(ascii(s), func(e string) string { return `\u` + strings.ToUpper(e[2:]) }) + `"`
	},
	"base64 in lines": func(s string) string {
		return regexp.MustCompile(".{76}").ReplaceAllString(base64.StdEncoding.EncodeToString([]byte(s)), "$0\n")
	},
	"xxd -p": func(s string) string {
		return regexp.MustCompile(".{60}").ReplaceAllString(hex.EncodeToString([]byte(s)), "$0\n")
	},
	"base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, behind 1": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a" + s)) },
	"base64, behind 2": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("a:" + s)) },
	"hex":              func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":              func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
}

// Of 200 secrets of every shape nobody can read one, however it is spelled, on which way
// ever it goes out, and in how many pieces.
func TestSecretsOfEveryShape(t *testing.T) {
	all := shaped(200)
	var secrets []schema.Secret
	for i, s := range all {
		secrets = append(secrets, schema.NewSecret(fmt.Sprintf("s%d", i), s.secret))
	}
	r := redact.New(secrets...)
	for i, s := range all {
		for name, encode := range encodings {
			for _, what := range slices.Compact([]string{s.secret, s.hidden}) {
				encoded := encode(what)
				text := "it said " + encoded + " and went on"
				raw, err := json.Marshal(map[string]any{encoded: []any{text, 7}})
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				w := r.Writer(&out)
				for at := 0; at < len(text); at += 1 + i%7 {
					if _, err := w.Write([]byte(text[at:min(len(text), at+1+i%7)])); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				clean := r.JSON(raw)
				if !json.Valid(clean) {
					t.Fatalf("%s: %s", name, clean)
				}
				for way, got := range map[string]string{"text": r.String(text), "stream": out.String(), "JSON": string(clean)} {
					if strings.Contains(got, s.hidden) || strings.Contains(got, encoded) || !strings.Contains(got, "(secret s") {
						t.Errorf("%q as %s, %s: %s", what, name, way, got)
					}
				}
			}
		}
	}
}

// Where a cut divides one, what is left of it cannot be read either.
func TestSecretsOfEveryShapeAtEveryCut(t *testing.T) {
	const part = 4
	for i, s := range shaped(200) {
		if i%10 == 3 && testing.Short() {
			continue
		}
		r := redact.New(schema.NewSecret("s", s.secret))
		for _, name := range []string{"raw", "JSON", "encodeURIComponent", "hex"} {
			encoded := strings.Trim(encodings[name](s.hidden), `"`)
			for n := part; n < len(encoded); n++ {
				before, after := encoded[:n], encoded[n:]
				if strings.ToValidUTF8(before, "") != before {
					continue
				}
				if got := r.String("x " + before + "…"); strings.Contains(got, before[max(0, n-part):]+"…") {
					t.Fatalf("%q as %s, cut at %d: %s", s.hidden, name, n, got)
				}
				if got := r.String("…" + after + " x"); len(after) >= part && strings.Contains(got, "…"+after[:part]) {
					t.Fatalf("%q as %s, cut before %d: %s", s.hidden, name, n, got)
				}
			}
		}
	}
}

// A secret behind other text in what is encoded, and in what is encoded again, is masked
// whole: what is left is what of the encoding stands for the other text.
func TestSecretsBehindOtherText(t *testing.T) {
	lines := func(width int, end string, encode func([]byte) string) func(string) string {
		return func(s string) string {
			return regexp.MustCompile(fmt.Sprintf(".{%d}", width)).ReplaceAllString(encode([]byte(s)), "$0"+end)
		}
	}
	inner := func(s string) string { return mustJSON(s)[1 : len(mustJSON(s))-1] }
	inners := map[string]func(string) string{
		"raw": func(s string) string { return s }, "JSON": inner, "JSON in JSON": func(s string) string { return inner(inner(s)) },
		"JSON of Python": ascii, "query": url.QueryEscape, "path": url.PathEscape,
		"encodeURIComponent": component, "query of JSON": func(s string) string { return url.QueryEscape(inner(s)) }, "HTML": html.EscapeString,
	}
	outers := map[string]func(string) string{
		"base64": encodings["base64"], "base64 of URLs": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"MIME": lines(76, "\r\n", base64.StdEncoding.EncodeToString), "openssl": lines(64, "\n", base64.StdEncoding.EncodeToString),
		"hex": encodings["hex"], "xxd -p": lines(60, "\n", hex.EncodeToString), "query": url.QueryEscape, "JSON": mustJSON,
	}
	for i, s := range shaped(60) {
		r := redact.New(schema.NewSecret("s", s.hidden))
		for within, in := range inners {
			for name, out := range outers {
				if name == "query" && within == "query of JSON" {
					continue // of three spellings within each other only those of JSON are known
				}
				front, back := `{"user": "ann`+strings.Repeat("x", i)+`", "password": "`, `", "n": 1}`
				secret := in(s.hidden)
				encoded := out(front + secret + back)
				got := r.String(encoded)
				left, right, masked := strings.Cut(got, "(secret s)")
				shown := func(text string) int { return len(strings.TrimRight(out(text), "=\"\r\n")) + len(out(`"`)) }
				if !masked || len(left) > shown(front) || len(right) > shown(back)+2 || !strings.HasPrefix(encoded, left) || !strings.HasSuffix(encoded, right) {
					t.Errorf("%q as %s within %s: %s", s.hidden, within, name, got)
				}
			}
		}
	}
	secret := "hunter2/+hunter3?"
	auth := base64.StdEncoding.EncodeToString([]byte("ann:" + secret))
	for name, text := range map[string]string{
		"base64 in base64": base64.StdEncoding.EncodeToString([]byte(`{"auths":{"r":{"auth":"` + auth + `"}}}`)),
		"base64 in a URL":  url.QueryEscape(auth), "base64 of PHP": strings.ReplaceAll(auth, "/", `\/`), "bytes of Python": `b'\xc3\xa9` + secret + "'",
		"a URL in a URL": url.QueryEscape(url.QueryEscape(secret)), "JSON three times": mustJSON(mustJSON(mustJSON(`"` + secret))),
	} {
		if got := redact.New(schema.NewSecret("s", secret)).String(text); !strings.Contains(got, "(secret s)") || len(got) > len(text)-len(secret)+len("(secret s)")+4 {
			t.Errorf("%s: %s became %s", name, text, got)
		}
	}
}
