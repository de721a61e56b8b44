package actions_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"runbook/actions/docker"
	"runbook/actions/mongo"
	"runbook/actions/redis"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	labmongo "runbook/lab/mongo"
)

// overTLS listens by TLS before a server that does not speak it.
func overTLS(t *testing.T, behind string, config *tls.Config) (address string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				plain, err := net.Dial("tcp", behind)
				if err != nil {
					return
				}
				defer plain.Close()
				go func() { _, _ = io.Copy(plain, conn); _ = plain.Close() }()
				_, _ = io.Copy(conn, plain)
			}()
		}
	}()
	return l.Addr().String()
}

// labMongo is a server of a lab in which nobody needs to log in.
func labMongo(t *testing.T) string {
	t.Helper()
	c := clock.Flow(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 1)
	t.Cleanup(c.Close)
	g := gate.New("mongo", c, &gate.Log{})
	t.Cleanup(g.Close)
	s, err := labmongo.Serve(model.New(1, c.Now), g, "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Addr()
}

// Databases and engines are reached by TLS, and shown who asks, by the same keys as what
// speaks HTTP; each of the keys says that TLS is meant.
func TestHowDatabasesAndEnginesAreReached(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	clientCert, clientKey := ca.sign(t, "client")
	folder := t.TempDir()
	certFile := write(t, filepath.Join(folder, "client.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: clientCert.Certificate[0]}))
	keyFile := write(t, filepath.Join(folder, "client.key"), []byte(clientKey))
	cert, _ := ca.sign(t, "server")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	open := &tls.Config{Certificates: []tls.Certificate{cert}}
	mutual := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		_, _ = io.WriteString(w, "[]")
	}))
	t.Cleanup(engine.Close) // after the parallel parts
	for _, family := range []struct {
		ping   *action.Action
		behind string
		key    string
		uri    string // with its address for %s
	}{
		{redis.Ping, miniredis.RunT(t).Addr(), "address", "%s"},
		{redis.Ping, miniredis.RunT(t).Addr(), "address", "rediss://%s/0"},
		{mongo.Ping, labMongo(t), "uri", "mongodb://%s/?directConnection=true"},
		{docker.List, strings.TrimPrefix(engine.URL, "http://"), "host", "tcp://%s"},
	} {
		public, private := overTLS(t, family.behind, open), overTLS(t, family.behind, mutual)
		for _, c := range []struct {
			name, at string
			config   map[string]any
			wrong    string // "" where the server answers
		}{
			{"another authority", public, map[string]any{"ca_file": other.file}, "the certificate was not accepted"},
			{"its authority", public, map[string]any{"ca_file": ca.file}, ""},
			{"its other name", public, map[string]any{"ca_file": ca.file, "server_name": "app.test"}, ""},
			{"a wrong name", public, map[string]any{"ca_file": ca.file, "server_name": "db.test"}, "the certificate was not accepted"},
			{"unchecked", public, map[string]any{"insecure": true}, ""},
			{"a client certificate of files", private, map[string]any{"ca_file": ca.file, "client_cert": certFile, "client_key": keyFile}, ""},
			{"a key from a secret", private, map[string]any{"ca_file": ca.file, "client_cert": certFile, "client_key": schema.NewSecret("the_secret", clientKey)}, ""},
			{"no client certificate", private, map[string]any{"ca_file": ca.file}, "certificate"},
			{"a certificate without a key", public, map[string]any{"client_cert": certFile}, "client_cert and client_key belong together"},
			{"a key of another", public, map[string]any{"client_cert": ca.file, "client_key": schema.NewSecret("the_secret", clientKey)}, "client_cert " + ca.file + " and client_key (secret the_secret)"},
			{"a file that is none", public, map[string]any{"ca_file": filepath.Join(folder, "none")}, "ca_file: open "},
			{"a file without a certificate", public, map[string]any{"ca_file": keyFile}, "holds no certificate"},
		} {
			t.Run(fmt.Sprintf(family.uri, "at")+" "+c.name, func(t *testing.T) {
				t.Parallel() // most of it waits for a driver that looks again
				config := map[string]any{family.key: fmt.Sprintf(family.uri, c.at)}
				maps.Copy(config, c.config)
				foundBefore(t, family.ping, config, c.wrong)
				call := actiontest.Call(t, config)
				want := "tls"
				if c.name == "unchecked" {
					want = "tls, certificate not checked"
				}
				if _, notes := family.ping.Target.Address(config); strings.Join(notes, ", ") != want {
					t.Errorf("it is shown with the notes %v", notes)
				}
				_, err := actiontest.Bind(t, family.ping, call, nil).Run(t.Context(), call)
				if c.wrong == "" || err == nil {
					if err != nil || c.wrong != "" {
						t.Errorf("%+v, want %q", err, c.wrong)
					}
					return
				}
				if f := action.AsFailure(err); !strings.Contains(f.What, c.wrong) || f.Applied != action.AppliedNot || strings.Contains(f.What+f.Tried, clientKey) {
					t.Errorf("%+v", f)
				}
			})
		}
	}
}
