package actions_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/actions/alertmanager"
	"runbook/actions/host"
	httpactions "runbook/actions/http"
	"runbook/actions/prometheus"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// authority signs certificates for servers of the name app.test and of loopback,
// and for clients.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string // its certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	cert, _ := a.sign(t, "an authority")
	var err error
	if a.cert, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
		t.Fatal(err)
	}
	a.key = cert.PrivateKey.(*ecdsa.PrivateKey)
	write(t, a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
	return a
}

// sign returns a certificate with its key as PEM; the first one is the authority's own.
func (a *authority) sign(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"app.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        a.cert == nil, BasicConstraintsValid: true,
	}
	parent, by := a.cert, a.key
	if parent == nil {
		parent, by = own, key
	}
	der, err := x509.CreateCertificate(rand.Reader, own, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: plain}))
}

func write(t *testing.T, path string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// speaks are the families that speak HTTP: a read of each, and the key of its address.
var speaks = []struct {
	action *action.Action
	with   map[string]any
	key    string
}{
	{httpactions.Request, map[string]any{"path": "/health"}, "base_url"},
	{prometheus.Query, map[string]any{"query": "up"}, "url"},
	{alertmanager.ListAlerts, nil, "url"},
	{host.Memory, nil, "node_exporter"},
}

// answer is what each of them takes.
func answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/v1/query":
		_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	case "/metrics":
		_, _ = io.WriteString(w, "node_memory_MemTotal_bytes 8\nnode_memory_MemAvailable_bytes 4\nnode_memory_SwapTotal_bytes 0\nnode_memory_SwapFree_bytes 0\n")
	default:
		_, _ = io.WriteString(w, "[]")
	}
}

// Every family that speaks HTTP is reached by TLS and shows who it is, by the same keys.
func TestHowTargetsAreReached(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	clientCert, clientKey := ca.sign(t, "client")
	folder := t.TempDir()
	certFile := write(t, filepath.Join(folder, "client.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: clientCert.Certificate[0]}))
	keyFile := write(t, filepath.Join(folder, "client.key"), []byte(clientKey))
	requests, seen := 0, http.Header{}
	start := func(client tls.ClientAuthType) string {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { requests, seen = requests+1, r.Header; answer(w, r) }))
		cert, _ := ca.sign(t, "server")
		pool := x509.NewCertPool()
		pool.AddCert(ca.cert)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: client, ClientCAs: pool}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL
	}
	open, mutual := start(tls.NoClientCert), start(tls.RequireAndVerifyClientCert)
	secret := func(text string) schema.Secret { return schema.NewSecret("the_secret", text) }
	for _, c := range []struct {
		name, url string
		config    map[string]any
		wrong     string // "" where the server answers
		header    string // of Authorization
	}{
		{"an unknown authority", open, nil, "the certificate was not accepted", ""},
		{"another authority", open, map[string]any{"ca_file": other.file}, "the certificate was not accepted", ""},
		{"its authority", open, map[string]any{"ca_file": ca.file}, "", ""},
		{"its other name", open, map[string]any{"ca_file": ca.file, "server_name": "app.test"}, "", ""},
		{"a wrong name", open, map[string]any{"ca_file": ca.file, "server_name": "db.test"}, "the certificate was not accepted", ""},
		{"unchecked", open, map[string]any{"insecure": true}, "", ""},
		{"no client certificate", mutual, map[string]any{"ca_file": ca.file}, "as for want of a client's certificate", ""},
		{"a client certificate of files", mutual, map[string]any{"ca_file": ca.file, "client_cert": certFile, "client_key": keyFile}, "", ""},
		{"a key from a secret", mutual, map[string]any{"ca_file": ca.file, "client_cert": certFile, "client_key": secret(clientKey)}, "", ""},
		{"a certificate without a key", open, map[string]any{"client_cert": certFile}, "client_cert and client_key belong together", ""},
		{"a key of another", open, map[string]any{"client_cert": ca.file, "client_key": secret(clientKey)}, "client_cert " + ca.file + " and client_key (secret the_secret)", ""},
		{"a file that is none", open, map[string]any{"ca_file": filepath.Join(folder, "none")}, "ca_file: open ", ""},
		{"a file without a certificate", open, map[string]any{"ca_file": keyFile}, "holds no certificate", ""},
		{"a token", open, map[string]any{"insecure": true, "token": secret("hunter2222")}, "", "Bearer hunter2222"},
		{"a password", open, map[string]any{"insecure": true, "username": "ann", "password": secret("hunter2222")}, "", "Basic YW5uOmh1bnRlcjIyMjI="},
		{"both", open, map[string]any{"token": secret("hunter2222"), "username": "ann", "password": secret("hunter2222")}, "token excludes username and password", ""},
		{"a user alone", open, map[string]any{"username": "ann"}, "username and password belong together", ""},
		{"a proxy that is none", open, map[string]any{"proxy": "proxy:hunter2222"}, "proxy is no URL", ""},
		{"a proxy away", open, map[string]any{"insecure": true, "proxy": "http://127.0.0.1:1"}, "connection refused", ""},
	} {
		for _, s := range speaks {
			config := map[string]any{s.key: c.url}
			for k, v := range c.config {
				config[k] = v
			}
			foundBefore(t, s.action, config, c.wrong)
			call, before := actiontest.Call(t, config), requests
			_, err := actiontest.Bind(t, s.action, call, s.with).Run(t.Context(), call)
			if c.wrong == "" {
				if err != nil || seen.Get("Authorization") != c.header {
					t.Errorf("%s, %s: %+v, shown %q", c.name, s.action.Name, err, seen.Get("Authorization"))
				}
				continue
			}
			if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, c.wrong) || f.Applied != action.AppliedNot || requests != before || strings.Contains(f.What+f.Tried, "hunter2222") {
				t.Errorf("%s, %s: %+v", c.name, s.action.Name, err)
			}
		}
	}
}

// foundBefore holds that what is wrong with a configuration, and not with a server, is
// found before anything is sent.
func foundBefore(t *testing.T, a *action.Action, config map[string]any, wrong string) {
	t.Helper()
	if slices.Contains([]string{"the certificate was not accepted", "as for want of a client's certificate", "certificate", "connection refused"}, wrong) {
		wrong = ""
	}
	if err := a.Target.Check(config); (err != nil) != (wrong != "") || err != nil && !strings.Contains(err.Error(), wrong) {
		t.Errorf("%s: before a run it is found that %v, want %q", a.Name, err, wrong)
	}
}

// A proxy of the target is asked for it, and a request ends with the time that the
// target gives it.
func TestProxyAndTimeoutOfATarget(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Host + " " + r.Header.Get("Proxy-Authorization")
		answer(w, r)
	}))
	defer proxy.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer silent.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword("ann", "hunter2222")
	for _, s := range speaks {
		call := actiontest.Call(t, map[string]any{s.key: "http://app.test:9", "proxy": schema.NewSecret("proxy", at.String())})
		if actiontest.Run(t, s.action, call, s.with); asked != "app.test:9 Basic YW5uOmh1bnRlcjIyMjI=" {
			t.Errorf("%s: the proxy was asked for %q", s.action.Name, asked)
		}
		call = actiontest.Call(t, map[string]any{s.key: silent.URL, "timeout": 20 * time.Millisecond})
		_, err := actiontest.Bind(t, s.action, call, s.with).Run(t.Context(), call)
		if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, "no answer in ") {
			t.Errorf("%s: %v", s.action.Name, err)
		}
	}
}

// Of an address that is a secret people see the host, whatever becomes of a request.
func TestSecretAddressesAreNotTold(t *testing.T) {
	const secret = "hunter2222-hunter2222"
	for status, answered := range map[int]string{200: "{", 302: "", 400: `{"status":"error","errorType":"bad_data","error":"x"}`, 401: "", 404: "", 422: `{"status":"error","errorType":"execution","error":"x"}`, 500: "", 503: ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/"+secret+"/") {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, answered)
			}
		}))
		defer server.Close()
		for _, s := range speaks {
			bases := []string{server.URL}
			if status == 200 { // the others are not answered at all
				bases = append(bases, "http://127.0.0.1:1", "http://no-such-name.invalid", "://")
			}
			for _, base := range bases {
				call := actiontest.Call(t, map[string]any{s.key: schema.NewSecret("address", base+"/"+secret)})
				call.Target.Name = s.action.Family
				bound := actiontest.Bind(t, s.action, call, s.with)
				_, err := bound.Run(t.Context(), call)
				told := bound.Brief + actiontest.Logged(t, s.action, call, s.with)
				if err != nil {
					told += fmt.Sprintf("%+v", *action.AsFailure(err))
				}
				if strings.Contains(told, secret) || err != nil && base == server.URL && !strings.Contains(told, strings.TrimPrefix(server.URL, "http://")) {
					t.Errorf("%s, %d: %s", s.action.Name, status, told)
				}
			}
		}
	}
}
