package redact_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"runbook/engine/redact"
	"runbook/engine/schema"
)

const password = `p/ss"w\rd<é>&+ 1`

func TestSpellings(t *testing.T) {
	escapes := regexp.MustCompile("%[0-9A-F]{2}")
	r := redact.New(schema.NewSecret("token", password))
	quoted, err := json.Marshal(password)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"raw":                password,
		"JSON":               string(quoted),
		"query":              url.QueryEscape(password),
		"path":               url.PathEscape(password),
		"lower case escapes": escapes.ReplaceAllStringFunc(url.QueryEscape(password), strings.ToLower),
		"user information":   url.UserPassword("maria", password).String(),
	} {
		if got := r.String("a " + text + " b"); !strings.Contains(got, "(secret token)") || strings.Contains(got, "ss") {
			t.Errorf("%s: %s", name, got)
		}
	}
	got := r.JSON([]byte(`{"body":` + string(twice) + `}`))
	if !json.Valid(got) || strings.Contains(string(got), "w") && strings.Contains(string(got), "rd<") {
		t.Errorf("JSON in JSON: %s", got)
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		for before := range 4 {
			for after := range 4 {
				text := encoding.EncodeToString([]byte(strings.Repeat("x", before) + password + strings.Repeat("y", after)))
				if got := r.String(text); !strings.Contains(got, "(secret token)") || len(got) > len("(secret token)")+12 {
					t.Errorf("%d before, %d after: %s of %s", before, after, got, text)
				}
			}
		}
	}
}

func TestText(t *testing.T) {
	r := redact.New(
		schema.NewSecret("a", "abcdefgh"), schema.NewSecret("long", "abcdefghij"), schema.NewSecret("b", "efghijkl"),
		schema.NewSecret("digits", "1234567890"), schema.NewSecret("short", "secret"), schema.NewSecret("empty", ""),
		schema.NewSecret("odd\"\n\\name", "zzzzzzzz"), schema.NewSecret("pin", "00000042"),
	)
	for text, want := range map[string]string{
		"":                 "",
		"no secret":        "no secret",
		"abcdefgh":         "(secret a)",
		"-abcdefghij-":     "-(secret long)-",
		"abcdefghijkl":     "(secret long)", // overlaps with b
		"abcdefghabcdefgh": "(secret a)(secret a)",
		"zzzzzzzzzz":       "(secret oddname)",
		"id 1234567890":    "id (secret digits)",
		"abcdefg":          "abcdefg",
	} {
		if got := r.String(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`{"n":1234567890,"s":"1234567890"}`:         `{"n":"(secret digits)","s":"(secret digits)"}`,
		`[1234567890.0,1.23456789e+09,12345678901]`: `["(secret digits)","(secret digits)",12345678901]`,
		`["a\"abcdefgh\n","\u0061bcdefgh","\\"]`:    `["a\"(secret a)\n","(secret a)","\\"]`,
		`{"zzzzzzzz":["x","abcdefgh"]}`:             `{"(secret oddname)":["x","(secret a)"]}`,
		`"plain\n"`:                                 `"plain\n"`,
		`"abcd","efgh"`:                             `"abcd","efgh"`,
		`["\/abcdefgh\t","\ud83d\udd11 abcdefgh"]`:  `["/(secret a)\t","🔑 (secret a)"]`,
		`{"pin":42,"n":[42.0,1234567890]}`:          `{"pin":42,"n":[42.0,"(secret digits)"]}`, // short as it is, 42 is no secret
	} {
		if got := string(r.JSON([]byte(text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	var none *redact.Redactor
	none.Active()
	if none.String("abcdefgh") != "abcdefgh" || string(none.JSON([]byte("1"))) != "1" {
		t.Error("a nil redactor changed something")
	}
}

// Of a secret with several lines no line is readable, however it is printed.
func TestEachLineOfASecret(t *testing.T) {
	lines := []string{"-----BEGIN KEY-----", "MIIEvQIBADANBgkq", "don't-look-here", "short"}
	key := strings.Join(lines, "\r\n")
	r := redact.New(schema.NewSecret("key", key))
	quoted, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"line by line": "> " + strings.Join(lines, "\n> "), "joined": strings.Join(lines, " "), "whole": key, "JSON": string(quoted),
		"base64": base64.StdEncoding.EncodeToString([]byte(key)), "hex": hex.EncodeToString([]byte(key)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(key))),
		"URL": url.QueryEscape(key), "a shell": "'" + strings.ReplaceAll(lines[2], "'", `'\''`) + "'",
	} {
		got := r.String(text)
		for _, line := range lines[:3] {
			for _, readable := range []string{line, base64.StdEncoding.EncodeToString([]byte(line))[:16], hex.EncodeToString([]byte(line))} {
				if strings.Contains(strings.ToLower(got), strings.ToLower(readable)) || !strings.Contains(got, "(secret key)") {
					t.Errorf("%s: %s", name, got)
				}
			}
		}
	}
}

// What is a secret by itself inside a secret is not readable, however deep it stands.
func TestPartsOfASecret(t *testing.T) {
	for secret, hidden := range map[string]string{
		`{"uri": "mongodb://ann:hunter2hunter2@db/app"}`:                                 "hunter2hunter2",
		`{"type": "account", "private_key": "-----BEGIN-----\nMIIEvQIBADAN\n--\n"}`:      "MIIEvQIBADAN",
		"https://hunter2hunter2@db/app":                                                  "hunter2hunter2",
		"https://hunter2%2Fhunter2:x-oauth-basic@db":                                     "hunter2/hunter2",
		"ann:hunter2hunter2@tcp(db:3306)/app":                                            "hunter2hunter2",
		"postgres://ann:hunter2/hunter2@db/app":                                          "hunter2/hunter2",
		"postgres://ann:12/hunter2?hunter2@db/app":                                       "12/hunter2?hunter2",
		"mongodb://ann:hunter2hunter2@a:1,b:2/app":                                       "hunter2hunter2",
		"host=db password=hunter2hunter2 sslmode=disable":                                "hunter2hunter2",
		`host=db password = 'hunter2\'s hunter2'`:                                        "hunter2's hunter2",
		"Server=db;User Id=ann;Pwd=hunter2hunter2;Encrypt=true":                          "hunter2hunter2",
		"db:6379,password=hunter2hunter2,ssl=true":                                       "hunter2hunter2",
		"--\rMIIEvQIBADAN\r--":                                                           "MIIEvQIBADAN",
		"DEBUG=1\nhttps://ann:hunter2hunter2@db/app\n":                                   "hunter2hunter2",
		`{"a": "{\"b\": \"hunter2\\nMIIEvQIBADAN\"}"}`:                                   "MIIEvQIBADAN",
		"aHVudGVyMmh1bnRlcjI=":                                                           "hunter2hunter2",
		"YW5uOmh1bnRlcjJodW50ZXIy":                                                       "hunter2hunter2",
		base64.URLEncoding.EncodeToString([]byte(`{"auth":"YW5uOmh1bnRlcjJodW50ZXIy"}`)): "hunter2hunter2",
		"hunter2hunter2": "76880d60191af3b3f803a656b7716f0179928357fc32421ced973ed265e15718",
	} {
		if got := redact.New(schema.NewSecret("s", secret)).String("it is " + hidden + ", is it"); got != "it is (secret s), is it" {
			t.Errorf("%q: %s", secret, got)
		}
	}
}

// What a cut leaves of a secret is masked with the rest, wherever it was cut.
func TestPartsBesideACut(t *testing.T) {
	const secret = "hunter2-hunter3-hunter4"
	r := redact.New(schema.NewSecret("token", secret), schema.NewSecret("uri", "mongodb://maria:hunter5@db/x"))
	for n := 0; n <= 3*len(secret); n++ {
		whole := strings.Repeat("x", len(secret)) + secret + strings.Repeat("y", len(secret))
		for _, text := range []string{
			whole[:n] + "…", whole[:n] + "… (cut, 99 bytes in all)", whole[:n] + "\n… [1 KiB cut] …\n" + whole[n:], "…" + whole[n:], whole[:n] + "……" + whole[n:],
		} {
			raw, err := json.Marshal(map[string]string{"text": text})
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range []string{r.String(text), string(r.JSON(raw))} {
				for i := 0; i+4 <= len(secret); i++ {
					if strings.Contains(got, secret[i:i+4]) {
						t.Fatalf("%q: %q has %q", text, got, secret[i:i+4])
					}
				}
				if keep := strings.Count(got, "…"); keep != strings.Count(text, "…") {
					t.Errorf("%q: %q has %d marks", text, got, keep)
				}
			}
		}
	}
	for _, text := range []string{"mongodb://…", "hun…", "…er4", "hunger…", "… and so on", "…", "hunt\n\n…"} {
		if got := r.String(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := r.String("at mongodb://maria:h…"); got != "at (secret uri)…" {
		t.Error(got)
	}
}

func TestWriterHoldsBackOnlyBeginnings(t *testing.T) {
	var out bytes.Buffer
	r := redact.New()
	w := r.Writer(&out)
	steps := []struct{ write, want string }{
		{"plain s", "plain s"},
		{"", ""}, // the secret is added here
		{"x s3cr", "x "},
		{"et99! y", "(secret token)! y"},
		{"[n] ", "[n] "},
		{"s3cret9", ""},
		{"8", "s3cret98"},
	}
	for _, step := range steps {
		out.Reset()
		if step.write == "" {
			r.Add(schema.NewSecret("token", "s3cret99"))
		}
		if n, err := w.Write([]byte(step.write)); n != len(step.write) || err != nil || out.String() != step.want {
			t.Errorf("after %q: %q, want %q, %v", step.write, out.String(), step.want, err)
		}
	}
	out.Reset()
	_, _ = w.Write([]byte("s3"))
	if err := w.Flush(); err != nil || out.String() != "s3" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestAddWhileInUse(t *testing.T) {
	r := redact.New()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				r.Add(schema.NewSecret("s", "secret-number-"+string(rune('a'+i))))
				_ = r.String("secret-number-a and more")
			}
		})
	}
	wg.Wait()
	if got := r.String("secret-number-d"); got != "(secret s)" {
		t.Error(got)
	}
}

// oracle replaces secrets as it is specified: at each position the longest,
// overlapping ones as one.
func oracle(text string, secrets []string) string {
	var b strings.Builder
	end := 0
	for i := range len(text) {
		long := 0
		for _, s := range secrets {
			if len(s) > long && strings.HasPrefix(text[i:], s) {
				long = len(s)
			}
		}
		switch {
		case long > 0 && i >= end:
			b.WriteString("(secret s)")
			end = i + long
		case long > 0:
			end = max(end, i+long)
		case i >= end:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func FuzzWriter(f *testing.F) {
	f.Add("aaaaaaaa", "aaaaaaab", "xaaaaaaaaaaaaaabaaaaaaa", []byte{3, 1, 9})
	f.Add("abcabcabc", "bcabcabca", "abcabcabcabcabcaabcabcab", []byte{1})
	f.Add("hunter2hunter2", "2hunter2h", "hunter2hunter2hunter2h", []byte{7, 7})
	f.Fuzz(func(t *testing.T, one, two, text string, sizes []byte) {
		for _, s := range []string{one, two} {
			if len(s) < redact.MinLength || strings.IndexFunc(s, func(c rune) bool { return c < 'a' || c > 'z' }) >= 0 {
				return // their other spellings are not the oracle's
			}
		}
		secrets := []string{one, two}
		for _, s := range []string{one, two} {
			secrets = append(secrets, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))))
			for offset := range 3 {
				all := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), s...))
				core := all[(offset*8+5)/6 : (offset+len(s))*8/6]
				secrets = append(secrets, core)
				for again := range 3 {
					all := base64.RawStdEncoding.EncodeToString(append(make([]byte, again), core...))
					secrets = append(secrets, all[(again*8+5)/6:(again+len(core))*8/6])
				}
			}
		}
		want := oracle(text, secrets)
		r := redact.New(schema.NewSecret("s", one), schema.NewSecret("s", two))
		if got := r.String(text); got != want {
			t.Fatalf("whole: %q, want %q", got, want)
		}
		var out bytes.Buffer
		w := r.Writer(&out)
		for i := 0; len(text) > 0; i++ {
			n := 1
			if len(sizes) > 0 {
				n += int(sizes[i%len(sizes)])
			}
			n = min(n, len(text))
			_, _ = w.Write([]byte(text[:n]))
			text = text[n:]
		}
		if err := w.Flush(); err != nil || out.String() != want {
			t.Fatalf("in pieces: %q, want %q", out.String(), want)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add("hunter2hunter2", `{"a":"hunter2hunter2\u0061","n":12}`)
	f.Fuzz(func(t *testing.T, secret, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		got := redact.New(schema.NewSecret("s", secret)).JSON([]byte(text))
		if !json.Valid(got) {
			t.Fatalf("%s became %s", text, got)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	few := redact.New(schema.NewSecret("a", "s3cr3t-p4ssw0rd"), schema.NewSecret("b", "0a1b2c3d4e5f6071"), schema.NewSecret("c", "Zm9vYmFyYmF6"))
	number := redact.New(schema.NewSecret("a", "s3cr3t-p4ssw0rd"), schema.NewSecret("b", "20130405060"))
	record := `{"outputs":{"status":200,"latency_ms":12.5,"body":"ok"},"summary":"200 in 12ms","duration":12500000}`
	for _, test := range []struct {
		name, text string
		by         *redact.Redactor
	}{
		{"record", record, few},
		{"large", "[" + strings.Repeat(record+",", 1e4) + "0]", few},
		{"large, with escapes", "[" + strings.Repeat(`{"line":"a\tb","name":"/var/lib/docker/overlay2/f81d4fae"},`, 1e4) + "0]", few},
		{"large, one text", mustJSON(strings.Repeat(`{"line":"a","name":"/var/lib/docker"}`+"\n", 1e4)), few},
		{"large, a number", "[" + strings.Repeat(record+",", 1e4) + "0]", number},
	} {
		b.Run(test.name, func(b *testing.B) {
			text := []byte(test.text)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				test.by.JSON(text)
			}
		})
	}
}
