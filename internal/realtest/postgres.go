package realtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// PostgresServer is a PostgreSQL server of one test.
type PostgresServer struct {
	Address  string // host:port on loopback
	User     string // who may do everything
	Password string
	Bin      string // the folder of its programs
	Stop     func() // ends the server, once; happens by itself when the test ends
}

// StartPostgres starts a PostgreSQL server for this test alone. It runs as the user postgres
// where the test runs as root, whom it refuses.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		t.Fatal("PostgreSQL is not installed: there is no /usr/lib/postgresql/*/bin/postgres")
	}
	slices.Sort(found)
	s := &PostgresServer{User: "postgres", Password: "postgres-password", Bin: filepath.Dir(found[len(found)-1])}
	dir, err := os.MkdirTemp("", "runbook-postgres-") // below a folder that another user may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(s.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	as := asPostgres(t, dir, secret)
	data, port := filepath.Join(dir, "data"), FreePort(t)
	made := append(slices.Clone(as), filepath.Join(s.Bin, "initdb"), "-D", data, "-U", s.User, "-A", "scram-sha-256", "--pwfile", secret, "--no-sync", "-E", "UTF8", "--locale", "C")
	if out, err := exec.Command(made[0], made[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	started := append(slices.Clone(as), filepath.Join(s.Bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", dir, "-c", "fsync=off", "-c", "wal_level=logical")
	s.Stop = startChild(t, child{name: started[0], flags: started[1:], dir: dir})
	s.Address = fmt.Sprintf("127.0.0.1:%d", port)
	err = poll(t.Context(), 30*time.Second, func(ctx context.Context) error {
		return exec.CommandContext(ctx, filepath.Join(s.Bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(port)).Run()
	})
	if err != nil {
		t.Fatalf("the PostgreSQL server at %s does not answer: %v", s.Address, err)
	}
	return s
}

// URI is where a database of the server is, without the password.
func (s *PostgresServer) URI(database string) string { return s.uri(s.Address, database) }

// Through is URI by another address, as that of a proxy.
func (s *PostgresServer) Through(address net.Addr, database string) string {
	return s.uri(address.String(), database)
}

func (s *PostgresServer) uri(address, database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", s.User, address, database)
}

// asPostgres is what to put before a program so that it runs as postgres, to whom it gives
// these files; nothing where the test does not run as root.
func asPostgres(t testing.TB, files ...string) []string {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(who.Uid)
	gid, _ := strconv.Atoi(who.Gid)
	for _, file := range files {
		if err := os.Chown(file, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"setpriv", "--reuid", who.Uid, "--regid", who.Gid, "--clear-groups"}
}
