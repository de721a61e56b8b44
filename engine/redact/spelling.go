package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// wholeAndLines returns a secret, and of one with several lines each that is long
// enough to be looked for: who prints a key prints it line by line.
func wholeAndLines(secret string) []string {
	list := []string{secret}
	for line := range strings.SplitSeq(secret, "\n") {
		if line = strings.TrimSpace(line); line != secret && len(line) >= MinLength {
			list = append(list, line)
		}
	}
	return list
}

// spellings returns the ways in which a secret may stand in a text: as it is;
// inside a JSON, Go or shell string; inside a URL; in hexadecimal; in base64, at
// each of the three places where it may begin in a group.
func spellings(secret string) []string {
	hexed := hex.EncodeToString([]byte(secret))
	list := []string{secret, inJSON(secret, true), inJSON(secret, false), inQuotes(secret), hexed, strings.ToUpper(hexed)}
	list = append(list, strings.ReplaceAll(secret, "'", `'\''`))
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:]} {
		list = append(list, escaped, lowerEscapes(escaped))
	}
	for offset := range 3 {
		core := base64Core(secret, offset)
		list = append(list, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	return list
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

func inQuotes(s string) string {
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
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
