//go:build unix

package actions_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/action/actiontest"
)

// answering is a server that answers everything with a status and a text.
func answering(status int, text string) func(*testing.T) string {
	return func(t *testing.T) string {
		return served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Api-Version", "1.41")
			if strings.HasPrefix(text, "{") {
				w.Header().Set("Content-Type", "application/json")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}))
	}
}

func served(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// noDocker is an engine whose plugin lets nobody do anything.
func noDocker(t *testing.T) string {
	return "tcp://" + answering(403, `{"message":"authorization denied by plugin"}`)(t)
}

// oldDocker is an engine of version 1.12, whose API is 1.24.
func oldDocker(t *testing.T) string {
	return "tcp://" + served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.24")
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"message":"client is newer than server (client API version: 1.40, server API version: 1.24)"}`)
	}))
}

// oldRedis knows the login and nothing else.
func oldRedis(t *testing.T) string {
	return actiontest.Listen(t, func(conn net.Conn) {
		lines := bufio.NewReader(conn)
		for {
			head, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "*")))
			words := make([]string, n)
			for i := range words {
				_, _ = lines.ReadString('\n')
				word, _ := lines.ReadString('\n')
				words[i] = strings.TrimSpace(word)
			}
			reply := "-ERR unknown command '" + words[0] + "'\r\n"
			if slices.Contains([]string{"auth", "select"}, strings.ToLower(words[0])) {
				reply = "+OK\r\n"
			}
			_, _ = io.WriteString(conn, reply)
		}
	})
}

// deaf takes connections and never answers.
func (s *stage) deaf(t *testing.T) string {
	return actiontest.Listen(t, func(conn net.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, _ = io.Copy(io.Discard, conn)
			cancel()
		}()
		_ = s.lab.Clock().Hang(ctx)
	})
}

// postgres sends these messages of PostgreSQL's protocol to whoever logs in: a type, and a body.
func postgres(t *testing.T, messages ...string) string {
	return actiontest.Listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		for _, m := range messages {
			_, _ = conn.Write(append(binary.BigEndian.AppendUint32([]byte{m[0]}, uint32(len(m)+3)), m[1:]...))
		}
		_, _ = io.Copy(io.Discard, conn)
	})
}

// noPostgres takes no password.
func noPostgres(t *testing.T) string {
	return postgres(t, "ESFATAL\x00VFATAL\x00C28P01\x00Mpassword authentication failed for user \"ann\"\x00\x00")
}

// oldPostgres greets as PostgreSQL 9.6 does.
func oldPostgres(t *testing.T) string {
	return postgres(t, "R\x00\x00\x00\x00", "Sserver_version\x009.6.24\x00", "K\x00\x00\x00\x01\x00\x00\x00\x01", "ZI")
}

// oldMongo greets as MongoDB 3.4 does.
func oldMongo(t *testing.T) string {
	return actiontest.Listen(t, func(conn net.Conn) {
		for {
			head := make([]byte, 16)
			if _, err := io.ReadFull(conn, head); err != nil {
				return
			}
			rest := make([]byte, binary.LittleEndian.Uint32(head)-16)
			if _, err := io.ReadFull(conn, rest); err != nil {
				return
			}
			body, _ := bson.Marshal(bson.D{{Key: "ok", Value: 1.0}, {Key: "ismaster", Value: true}, {Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(5)}})
			var out bytes.Buffer // OP_REPLY: the head, flags, a cursor, from where, how many
			number := func(n int) { _ = binary.Write(&out, binary.LittleEndian, int32(n)) }
			number(36 + len(body))
			number(1)
			number(int(binary.LittleEndian.Uint32(head[4:])))
			number(1)
			number(8)
			number(0)
			number(0)
			number(0)
			number(1)
			out.Write(body)
			if _, err := conn.Write(out.Bytes()); err != nil {
				return
			}
		}
	})
}
