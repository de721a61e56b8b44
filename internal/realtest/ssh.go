package realtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSH is a server of ssh on loopback, for one test: it lets the user of the tests in by
// one key.
type SSH struct {
	URL        string // ssh://user@127.0.0.1:port
	KeyFile    string // the private key that it takes
	Key        string // its text
	KnownHosts string // a file with the host's key
	HostKey    string // "ssh-ed25519 AAAA…"
	Real       bool   // whether it is a program of its own
	Stop       func() // ends it, once; happens by itself when the test ends

	mu    sync.Mutex
	conns []net.Conn
}

// StartSSH starts sshd; where that is not installed, and nobody wants real services, a
// server in this process that does the same.
func StartSSH(t testing.TB) *SSH {
	t.Helper()
	if path, err := exec.LookPath("/usr/sbin/sshd"); err == nil {
		return startSSH(t, func(s sshFiles) string { return startSSHD(t, path, s) }, true)
	}
	if Enabled() {
		t.Fatal("/usr/sbin/sshd is not installed")
	}
	return StartOwnSSH(t)
}

// StartOwnSSH starts the server in this process.
func StartOwnSSH(t testing.TB) *SSH {
	t.Helper()
	return startSSH(t, func(s sshFiles) string { return startOwnSSH(t, s) }, false)
}

// sshFiles is what a server is made of.
type sshFiles struct {
	dir            string
	host           ssh.Signer
	hostKey, takes string // files
	client         ssh.PublicKey
}

func startSSH(t testing.TB, start func(sshFiles) (address string), real bool) *SSH {
	t.Helper()
	dir := t.TempDir()
	host, hostKey := NewKey(t, filepath.Join(dir, "host"), "")
	client, clientKey := NewKey(t, filepath.Join(dir, "client"), "")
	files := sshFiles{dir: dir, host: host, hostKey: hostKey, takes: filepath.Join(dir, "authorized_keys"), client: client.PublicKey()}
	write(t, files.takes, string(ssh.MarshalAuthorizedKey(client.PublicKey())))
	s := &SSH{KeyFile: clientKey, Key: read(t, clientKey), KnownHosts: filepath.Join(dir, "known_hosts"), Real: real}
	address := s.front(t, start(files))
	_, port, _ := net.SplitHostPort(address)
	s.HostKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(host.PublicKey())))
	write(t, s.KnownHosts, "[127.0.0.1]:"+port+" "+s.HostKey+"\n")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "ssh://" + me.Username + "@" + address
	return s
}

// NewKey makes a key, and writes it to a file.
func NewKey(t testing.TB, name, passphrase string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, string(pem.EncodeToMemory(block)))
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, name
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// front listens before a server, so that its connections can be cut.
func (s *SSH) front(t testing.TB, server string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Stop = sync.OnceFunc(func() { listener.Close(); s.Cut() })
	t.Cleanup(s.Stop)
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				in.Close()
				continue
			}
			s.mu.Lock()
			s.conns = append(s.conns, in, out)
			s.mu.Unlock()
			go pass(in, out)
			go pass(out, in)
		}
	}()
	return listener.Addr().String()
}

// Connections is how many were made.
func (s *SSH) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) / 2
}

// Cut cuts the connections that there are.
func (s *SSH) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

func pass(to, from net.Conn) {
	defer to.Close()
	text := make([]byte, 32<<10)
	for {
		n, err := from.Read(text)
		if n > 0 {
			if _, failed := to.Write(text[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// startSSHD starts Debian's server.
func startSSHD(t testing.TB, path string, files sshFiles) string {
	t.Helper()
	if os.Getuid() == 0 { // where it gives up its rights; a service makes it at the start of a system
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	port := FreePort(t)
	config := filepath.Join(files.dir, "sshd_config")
	write(t, config, strings.Join([]string{
		"Port " + strconv.Itoa(port), "ListenAddress 127.0.0.1", "HostKey " + files.hostKey, "AuthorizedKeysFile " + files.takes,
		"PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "",
	}, "\n"))
	startChild(t, child{name: path, flags: []string{"-D", "-e", "-f", config}, dir: files.dir})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	deadline := time.Now().Add(15 * time.Second)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("sshd does not listen at %s: %v", address, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
