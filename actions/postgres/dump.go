package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type dumpParams struct {
	To         string   `yaml:"to" min:"1" doc:"The file that is made, on the machine that runs the playbook. It must not be there yet."`
	Format     string   `yaml:"format" enum:"custom,plain" default:"custom" doc:"custom, compressed, for pg_restore; or plain, SQL for psql."`
	Tables     []string `yaml:"tables,omitempty" doc:"Patterns of tables, as pg_dump takes them; without them the whole database."`
	SchemaOnly bool     `yaml:"schema_only" default:"false" doc:"Whether rows are left out."`
}

func (p dumpParams) Brief() string { return "to " + p.To }

type dumpOutputs struct {
	Path       string  `yaml:"path" doc:"The file, absolute."`
	SizeBytes  int     `yaml:"size_bytes" doc:"Its size."`
	Version    string  `yaml:"version" doc:"The version of pg_dump that made it."`
	DurationMS float64 `yaml:"duration_ms" doc:"How long that took, in milliseconds."`
}

func (o dumpOutputs) Summary() string {
	return schema.HumanBytes(float64(o.SizeBytes)) + " in " + o.Path
}

// Dump writes a database into a file here. It changes nothing on the server.
var Dump = action.New(action.Spec[dumpParams, dumpOutputs]{
	Name:    "postgres.dump",
	Summary: "Writes a PostgreSQL database, or tables of it, into a new file on this machine by pg_dump, which must be as new as the server.",
	Example: `
action: postgres.dump
with: {to: "data/backups/shop-${{ run.id }}.dump"}
timeout: 1h
`,
	Target:  Target,
	Effect:  action.Write,
	Child:   true,
	Run:     dump,
	Preview: previewDump,
	Look:    func(_ action.Call, p dumpParams, _ []action.Subject) string { return "ls -l " + action.Quote(p.To) },
})

// source is a database that is dumped, and where to.
type source struct {
	*server
	to      string
	version string // of the server: "15.4"
	bytes   int    // of the database, on its disk
}

// source looks whether the dump can be made.
func (p dumpParams) source(ctx context.Context, call action.Call) (source, error) {
	if err := call.Confine.File("writing to", p.To); err != nil {
		return source{}, err
	}
	s, err := serverOf(call)
	if err != nil {
		return source{}, err
	}
	to, err := filepath.Abs(p.To)
	if err != nil {
		return source{}, action.ParamError("to", "%v", err)
	}
	from := source{server: s, to: to}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return from, from.refused("the file is there already, or cannot be looked at: "+to, "write another name in to")
	}
	_, err = reading(ctx, s, "SELECT of its size", func(ctx context.Context, tx pgx.Tx) (none struct{}, err error) {
		err = tx.QueryRow(ctx, "SELECT current_setting('server_version'), pg_database_size(current_database())").Scan(&from.version, &from.bytes)
		return none, err
	})
	return from, err
}

func (s source) refused(what, do string) error {
	return &action.Failure{Applied: action.AppliedNot, Where: s.where, Final: true, What: what, Tried: "pg_dump was not started", Do: []string{do}}
}

// program is the pg_dump of this machine, where it is as new as the server.
func (s source) program(ctx context.Context) (version string, err error) {
	out, err := exec.CommandContext(ctx, "pg_dump", "--version").Output()
	words := strings.Fields(string(out))
	if err != nil || len(words) < 3 {
		return "", s.refused("there is no pg_dump on this machine", "install it: postgresql-client on Debian and Ubuntu, postgresql on Fedora, libpq with Homebrew")
	}
	version = words[2]
	if major(version) < major(s.version) {
		return "", s.refused(fmt.Sprintf("pg_dump is of version %s, and the server of %s: an older one cannot dump it", version, s.version),
			fmt.Sprintf("install postgresql-client-%d, and put its pg_dump first on PATH", major(s.version)))
	}
	return version, nil
}

var leadingDigits = regexp.MustCompile(`^\d+`)

func major(version string) int {
	n, _ := strconv.Atoi(leadingDigits.FindString(version))
	return n
}

// arguments are those of pg_dump; the password goes by the environment, which nobody else sees.
func (p dumpParams) arguments(s source, to string) []string {
	args := []string{"--format=" + p.Format, "--no-password", "--file=" + to, "--dbname=" + s.uri}
	if p.SchemaOnly {
		args = append(args, "--schema-only")
	}
	for _, table := range p.Tables {
		args = append(args, "--table="+table)
	}
	return args
}

// environment is what pg_dump is given: nothing of this process but where programs, homes
// and the names of hosts are.
func (s source) environment() ([]string, error) {
	env := []string{"PGAPPNAME=runbook", "PGPASSWORD=" + s.config.Password, "PGCONNECT_TIMEOUT=5"}
	for _, name := range []string{"PATH", "HOME", "LANG", "TMPDIR", "SystemRoot"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	config, err := action.ConfigOf[targetConfig](s.call.Target)
	if err != nil {
		return nil, err
	}
	if config.ClientKey.IsSecret() {
		return nil, s.refused("client_key is a secret, and pg_dump reads a file", "write the name of the file in client_key of the target")
	}
	if config.ServerName != "" {
		return nil, s.refused("pg_dump cannot be told server_name", "use the name of the certificate in uri of the target")
	}
	mode := s.mode
	if config.Given() {
		if mode = "verify-full"; config.Insecure {
			mode = "require"
		}
	}
	for name, value := range map[string]string{"PGSSLMODE": mode, "PGSSLROOTCERT": config.CAFile, "PGSSLCERT": config.ClientCert, "PGSSLKEY": config.ClientKey.Reveal()} {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}

// dump writes beside the file, and gives it its name when it is complete.
func dump(ctx context.Context, call action.Call, p dumpParams) (dumpOutputs, error) {
	if call.DryRun {
		return dumpOutputs{}, action.RefusedInDryRun("pg_dump")
	}
	if answer, err := call.Confine.Program("pg_dump", action.Asked{Target: call.Target.Name, Argv: []string{"pg_dump"}}); err != nil || answer != nil {
		return dumpOutputs{Path: p.To}, stubbed(ctx, call, answer, err)
	}
	s, err := p.source(ctx, call)
	if err != nil {
		return dumpOutputs{}, action.NotApplied(err)
	}
	o := dumpOutputs{Path: s.to}
	if o.Version, err = s.program(ctx); err != nil {
		return dumpOutputs{}, err
	}
	began, part := call.Clock.Now(), s.to+".part"
	err = p.write(ctx, s, part)
	o.DurationMS = schema.Milliseconds(call.Clock.Now().Sub(began))
	if err == nil {
		err = named(part, s.to)
	}
	if err != nil {
		if gone := os.Remove(part); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			return dumpOutputs{}, action.Partial(err)
		}
		return dumpOutputs{}, action.NotApplied(err)
	}
	info, err := os.Stat(s.to)
	if err != nil {
		return dumpOutputs{}, action.Lost(fmt.Errorf("look at the dump: %w", err))
	}
	o.SizeBytes = int(info.Size())
	return o, nil
}

// stubbed is the end of a pg_dump that a rehearsal answers for, or refuses.
func stubbed(ctx context.Context, call action.Call, answer *action.Answer, err error) error {
	if err == nil {
		err = answer.Come(ctx, call.Clock)
	}
	if err == nil && answer.ExitCode != 0 {
		err = &action.Failure{Where: "pg_dump", What: "pg_dump failed: " + lastLine(answer.Stderr), Tried: "pg_dump, once"}
	}
	if err != nil {
		return action.NotApplied(err)
	}
	return nil
}

// write lets pg_dump write a file.
func (p dumpParams) write(ctx context.Context, s source, to string) error {
	env, err := s.environment()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("make the folder of the dump: %w", err)
	}
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // for nobody else, before pg_dump writes to it
	if err != nil {
		return fmt.Errorf("make the file of the dump: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("make the file of the dump: %w", err)
	}
	var told bytes.Buffer
	began := s.call.Clock.Now()
	cmd := exec.CommandContext(ctx, "pg_dump", p.arguments(s, to)...)
	cmd.Env, cmd.Stderr, cmd.WaitDelay = env, &told, 5*time.Second
	err = cmd.Run()
	took := s.call.Clock.Now().Sub(began)
	s.call.LogRequest("postgres", "pg_dump", cmd.ProcessState.String(), took)
	if err == nil {
		return nil
	}
	f := &action.Failure{
		Where: s.where, What: "pg_dump failed: " + lastLine(told.String()), Tried: "pg_dump, once, " + schema.HumanDuration(took), Err: err,
		Do: []string{"read what it says; the user " + s.config.User + " must be allowed to read every table, as by the role pg_read_all_data"},
	}
	if ctx.Err() != nil {
		f.What, f.Do = "pg_dump was not done in "+schema.HumanDuration(took), []string{"raise the step's timeout"}
	}
	return f
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")), "\n")
	line := []rune(strings.TrimPrefix(lines[len(lines)-1], "pg_dump: "))
	return string(line[:min(len(line), 150)])
}

// named gives a file that is on the disk its name.
func named(part, name string) error {
	file, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("sync the dump: %w", err)
	}
	err = errors.Join(file.Sync(), file.Close())
	if err != nil {
		return fmt.Errorf("sync the dump: %w", err)
	}
	if err := os.Link(part, name); err != nil { // which does not overwrite what came meanwhile
		return fmt.Errorf("name the dump: %w", err)
	}
	return os.Remove(part)
}

func previewDump(ctx context.Context, call action.Call, p dumpParams) (action.Preview, error) {
	s, err := p.source(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	what := "the database"
	if len(p.Tables) > 0 {
		what = strings.Join(p.Tables, ", ") + " of the database"
	}
	return action.Preview{
		Summary: fmt.Sprintf("pg_dump of %s, which has %s, to %s", what, schema.HumanBytes(float64(s.bytes)), s.to),
		Touches: []action.Object{{Kind: "file", Name: s.to, Note: "new"}},
	}, nil
}
