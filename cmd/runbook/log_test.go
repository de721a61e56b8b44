package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unasked answers each request, and some time later says the token that came
// with it once more on the idle connection.
func unasked(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		time.Sleep(100 * time.Millisecond)
		_, _ = io.WriteString(conn, token+"\r\n")
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

// What net/http and the drivers tell on their own goes through the program's log
// and its redactor, and is shown to those who ask for it only.
func TestLibrariesTellNothingPastTheLog(t *testing.T) {
	p := build(t)
	text := fmt.Sprintf(`playbook: one
title: One
purpose: A test.
expected: Nothing.
inputs: {k: {type: secret}}
steps:
  - {id: ask, action: http.request, with: {url: "http://%s/x?q=value", headers: {Authorization: "Bearer ${{ inputs.k }}"}}}
  - {id: wait, action: flow.wait, with: {for: 500ms}}
`, unasked(t))
	path := filepath.Join(p.dir, "one.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TOKEN", "hunter2222-and-more")
	for _, c := range []struct {
		flags        []string
		stdout, want string // of standard error
	}{
		{nil, "", ""},
		{[]string{"-vv"}, "log       debug http request=GET http://", "debug: Unsolicited response received on idle HTTP channel starting with"},
		{[]string{"-vv", "--log-format", "json"}, "", `"msg":"Unsolicited response received on idle HTTP channel starting with`},
		{[]string{"-vv", "--log-format", "json", "--quiet"}, "", `"msg":"http request=GET http://127.0.0.1:`},
	} {
		stdout, stderr, code := p.run(append([]string{"run", path, "--output", "plain", "-i", "k=env:TOKEN"}, c.flags...)...)
		if code != 0 || strings.Contains(stdout+stderr, "hunter2222") || strings.Contains(stdout+stderr, "q=value\"") {
			t.Errorf("%v: exit %d\n%s%s", c.flags, code, stdout, stderr)
		}
		if !strings.Contains(stderr, c.want) || c.want == "" && stderr != "" || !strings.Contains(stdout, c.stdout) {
			t.Errorf("%v: want %q and %q\n%s%s", c.flags, c.stdout, c.want, stdout, stderr)
		}
	}
	_, stderr, code := p.run("version", "--log-format", "xml")
	if code != 2 || !strings.Contains(stderr, `there is no format of logs "xml"`) {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
