package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"runbook/engine/schema"
)

const shownBody = 200

// payload is the body of a request, and what is shown of it.
type payload struct {
	bytes       []byte
	display     string
	contentType string
}

// payloadOf encodes the json or the body of a request.
func payloadOf(value any, body schema.Text) (payload, error) {
	text := body.Reveal()
	switch {
	case value != nil && text != "":
		return payload{}, errors.New("json and body exclude each other; keep one of them")
	case value == nil && text == "":
		return payload{}, nil
	case value == nil:
		return payload{bytes: []byte(text), display: body.String()}, nil
	}
	revealed, _ := schema.Revealed(value, nil)
	sent, err := encodeJSON(revealed)
	if err != nil {
		return payload{}, err
	}
	display, err := encodeJSON(value)
	return payload{bytes: sent, display: string(display), contentType: "application/json"}, err
}

// describe returns the body in a few words: "no body", "12 bytes: {"a":true}".
// With a secret in it its size is not told.
func (p payload) describe() string {
	if len(p.bytes) == 0 {
		return "no body"
	}
	size := "a body with a secret"
	if p.display == string(p.bytes) {
		size = schema.HumanBytes(float64(len(p.bytes)))
	}
	return size + ": " + beginning(p.display, shownBody)
}

func beginning(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}

func encodeJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plainJSON(value)); err != nil {
		return nil, fmt.Errorf("json cannot be encoded: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// plainJSON returns a playbook value as encoding/json takes it; durations,
// sizes and times as playbooks print them.
func plainJSON(value any) any {
	switch value.(type) {
	case time.Duration, schema.Size, time.Time, schema.Secret, schema.Unknown:
		return schema.TextOf(value)
	}
	return schema.Mapped(value, plainJSON)
}

// parseJSON returns the value of a body that is JSON by its type or by its first
// character; of one that is none why, and nothing for any other.
func parseJSON(contentType string, body []byte) (value any, why *string) {
	wrong := ""
	trimmed, typed := bytes.TrimLeft(body, " \t\r\n"), strings.Contains(contentType, "json")
	switch {
	case len(trimmed) == 0 && typed:
		wrong = "the body is empty"
		return nil, &wrong
	case len(trimmed) == 0 || !typed && trimmed[0] != '{' && trimmed[0] != '[':
		return nil, nil
	}
	value, err := schema.ParseJSON(decoded(contentType, body))
	if err != nil {
		wrong = err.Error()
		return nil, &wrong
	}
	return value, nil
}

// decoded is a body in UTF-8 where its type says that each of its bytes is a character
// of ISO 8859-1, as services of old have it.
func decoded(contentType string, body []byte) []byte {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !slices.Contains([]string{"iso-8859-1", "latin1"}, strings.ToLower(parameters["charset"])) {
		return body
	}
	var b bytes.Buffer
	for _, c := range body {
		b.WriteRune(rune(c))
	}
	return b.Bytes()
}
