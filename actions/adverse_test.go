//go:build unix

package actions_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/run"
	"runbook/lab"
	"runbook/lab/model"
)

// reached is a kind of target, and what is told of each state in which nothing there can
// succeed: a pattern of what went wrong. A new kind of target is a row.
var reached = map[string]struct {
	gone    string                  // its address where nobody listens
	refuses func(*testing.T) string // a server that takes no credential, or
	wrong   string                  // the secret of runbook.yaml that is wrong
	old     func(*testing.T) string // a server that is too old
	deaf    bool                    // a server that never answers, where the lab has none to let hang
	told    map[string]string       // what is told, by the state; "" where that is an answer
}{
	"docker": {
		gone: "unix:///nowhere/docker.sock", refuses: noDocker, old: oldDocker,
		told: map[string]string{unreached: "no such socket", refused: "Docker answered 403: authorization denied", hangs: "no answer in 5", tooOld: "1.24"},
	},
	"http": {
		gone: "127.0.0.1:1", refuses: answering(401, "Unauthorized"), told: map[string]string{unreached: "connection refused", hangs: "no answer in 5"},
	},
	"redis": {
		gone: "127.0.0.1:1", wrong: "redis", old: oldRedis,
		told: map[string]string{unreached: "connection refused", refused: "WRONGPASS", hangs: "no answer in 5", tooOld: "unknown command"},
	},
	"sentinel": {
		gone: "127.0.0.1:1", wrong: "redis", old: oldRedis,
		told: map[string]string{unreached: "connection refused", refused: "WRONGPASS", hangs: "no answer in 5", tooOld: "unknown command"},
	},
	"mongo": {
		gone: "127.0.0.1:1", wrong: "mongo", old: oldMongo,
		told: map[string]string{unreached: "connection refused", refused: "(?i)authentication|refused", hangs: "no answer in 5", tooOld: "version"},
	},
	"postgres": {
		gone: "127.0.0.1:1", refuses: noPostgres, old: oldPostgres, deaf: true,
		told: map[string]string{unreached: "connection refused", refused: "28P01", hangs: "no answer in 5", tooOld: "too old"},
	},
	"prometheus": {
		gone: "127.0.0.1:1", refuses: answering(401, "Unauthorized"), old: answering(404, "404 page not found"),
		told: map[string]string{unreached: "connection refused", refused: "401", hangs: "no answer in 5", tooOld: "404"},
	},
	"alertmanager": {
		gone: "127.0.0.1:1", refuses: answering(401, "Unauthorized"), old: answering(404, "404 page not found"),
		told: map[string]string{unreached: "connection refused", refused: "401", hangs: "no answer in 5", tooOld: "404"},
	},
	"host": {
		gone: "127.0.0.1:1", refuses: answering(401, "Unauthorized"), old: answering(200, "go_goroutines 7\n"),
		told: map[string]string{unreached: "connection refused", refused: "401", hangs: "no answer in 5", tooOld: "does not tell node_|no file system"},
	},
}

// The states of a target that each action is tried in.
const (
	unreached = "unreachable"
	refused   = "a wrong credential"
	hangs     = "it hangs"
	tooOld    = "too old"
	missing   = "a missing object"
)

// lacks is what an action is told about what is not there: parameters that name it, and a
// pattern of what is told; "" where that is an answer. An action that asks for nothing by
// name has the reason in its place.
type lacks struct{ with, told, none string }

var (
	noContainer = lacks{with: "{container: nobody}", told: "no container or Compose service nobody"}
	asksServer  = lacks{none: "it asks the server about itself"}
	isAnswer    = "what is not there is an answer, as none or zero"
	noFile      = lacks{with: "{path: /nowhere/x}", told: "there is nothing at this path"}
	tellsReal   = lacks{none: "its TestContractReal asks the real server for what is not there"}
	noTarget    = lacks{none: "it has no target"}
)

// absent has each action.
var absent = map[string]lacks{
	"alertmanager.create_silence": {none: "it makes something new"},
	"alertmanager.expire_silence": {with: "{id: 5f66e09e-609f-48e9-95d2-fc88769187f2}", told: "no silence|404"},
	"alertmanager.list_alerts":    {none: isAnswer},
	"archive.create":              {with: "{from: /nowhere/x, to: /tmp/x}", told: noFile.told},
	"archive.list":                noFile,
	"archive.prune":               noFile,
	"archive.verify":              noTarget,

	"docker.audit":              {with: "{containers: [nobody]}", told: noContainer.told},
	"docker.commit":             {with: "{container: nobody, image: a}", told: noContainer.told},
	"docker.connect_network":    {with: "{container: app, network: nowhere}", told: "no network nowhere"},
	"docker.copy_from":          {with: "{container: app, from: /nowhere, to: DIR}", told: "there is no /nowhere in it"},
	"docker.copy_to":            {with: "{container: app, from: /etc/hosts, to: /nowhere}", told: "there is no folder /nowhere in it"},
	"docker.disconnect_network": {with: "{container: nobody, network: mltb_default}", told: noContainer.told},
	"docker.kill":               noContainer,
	"docker.prune":              {none: isAnswer},
	"docker.pull":               {with: "{image: nowhere}", told: "could not pull nowhere"},
	"docker.remove":             noContainer,
	"docker.remove_image":       {with: "{image: nowhere}", told: "no image nowhere"},
	"docker.rename":             {with: "{container: nobody, name: somebody}", told: noContainer.told},
	"docker.save_image":         {with: "{images: [nowhere], to: DIR}", told: "no image nowhere"},
	"docker.save_logs":          {with: "{container: nobody, to: DIR}", told: noContainer.told},
	"docker.tag":                {with: "{image: nowhere, name: a}", told: "no image nowhere"},
	"docker.disk_usage":         asksServer,
	"docker.inspect_image":      {with: "{image: nowhere}", told: "no image nowhere"},
	"docker.inspect_network":    {with: "{network: nowhere}", told: "no network nowhere"},
	"docker.list_changes":       noContainer,
	"docker.list_events":        {none: isAnswer},
	"docker.list_images":        {none: isAnswer},
	"docker.list_networks":      {none: isAnswer},
	"docker.list_processes":     noContainer,
	"docker.list_volumes":       {none: isAnswer},
	"docker.version":            asksServer,
	"docker.recreate":           noContainer,
	"docker.rolling_restart":    {with: "{containers: [nobody]}", told: noContainer.told},
	"docker.run":                {with: "{image: nowhere}", told: "no image nowhere"},
	"docker.exec":               {with: "{container: nobody, argv: [x]}", told: noContainer.told},
	"docker.inspect":            noContainer,
	"docker.list":               {with: "{name: nobody}"},
	"docker.logs":               noContainer,
	"docker.pause":              noContainer,
	"docker.restart":            noContainer,
	"docker.sample_stats":       {with: "{container: nobody, for: 3s}", told: noContainer.told},
	"docker.start":              noContainer,
	"docker.stats":              noContainer,
	"docker.stop":               noContainer,
	"docker.unpause":            noContainer,
	"docker.update_limits":      {with: "{container: nobody, cpus: 1}", told: noContainer.told},
	"docker.wait_healthy":       noContainer,

	"file.checksum": noFile,
	"file.copy":     {with: "{from: /nowhere/x, to: /tmp/x}", told: noFile.told},
	"file.find":     {with: "{path: /nowhere}", told: noFile.told},
	"file.make_dir": {none: "it makes what is not there"},
	"file.move":     {with: "{from: /nowhere/x, to: /tmp/x}", told: noFile.told},
	"file.read":     noFile,
	"file.remove":   {with: "{paths: [/nowhere/x]}"},
	"file.set_mode": {with: "{path: /nowhere/x, mode: '0600'}", told: noFile.told},
	"file.stat":     {with: "{path: /nowhere/x}"},
	"file.tail":     noFile,
	"file.template": {with: "{from: /nowhere/x, path: /tmp/x, values: {}}", told: noFile.told},
	"file.write":    {with: "{path: /nowhere/x, text: x}", told: noFile.told},

	"flow.assert": noTarget, "flow.fail": noTarget, "flow.log": noTarget, "flow.set": noTarget, "flow.wait": noTarget,

	"host.cpu":    asksServer,
	"host.disk":   {with: "{path: /nowhere}"},
	"host.memory": asksServer,
	"host.port":   noTarget,

	"http.request": {with: "{path: /nowhere}"},
	"http.sample":  {with: "{path: /nowhere, n: 1}"},

	"mongo.check_indexes":  {with: "{collections: [{collection: nowhere, indexes: [{keys: [a]}]}]}"},
	"mongo.count":          {with: "{collection: nowhere}"},
	"mongo.current_ops":    asksServer,
	"mongo.delete":         {with: "{collection: nowhere, filter: {a: 1}, limit: 1}"},
	"mongo.dump":           {with: "{collections: [nowhere], to: DIR}", told: "nowhere"},
	"mongo.ensure_indexes": {none: "it makes the collection"},
	"mongo.explain":        {with: "{collection: nowhere}"},
	"mongo.find":           {with: "{collection: nowhere}"},
	"mongo.kill_op":        {with: "{opid: '1'}"},
	"mongo.list_indexes":   {with: "{collection: nowhere}"},
	"mongo.ping":           asksServer,
	"mongo.profile":        asksServer,
	"mongo.server_info":    asksServer,
	"mongo.update":         {with: "{collection: nowhere, filter: {a: 1}, update: {$set: {b: 1}}, max: 1}"},

	"postgres.activity":          asksServer,
	"postgres.dump":              {with: "{to: DIR}", none: tellsReal.none},
	"postgres.execute":           tellsReal,
	"postgres.ping":              asksServer,
	"postgres.query":             tellsReal,
	"postgres.replication":       asksServer,
	"postgres.terminate_backend": {with: "{pid: 7}", none: tellsReal.none},

	"prometheus.list_alerts":  {none: isAnswer},
	"prometheus.list_targets": {none: isAnswer},
	"prometheus.query":        {none: isAnswer},
	"prometheus.query_range":  {none: isAnswer},

	"redis.big_keys":       {none: isAnswer},
	"redis.clients":        asksServer,
	"redis.cluster":        asksServer,
	"redis.command":        {with: "{command: GET nowhere}"},
	"redis.config_get":     {with: "{pattern: nowhere}"},
	"redis.config_set":     {with: "{parameter: nowhere, value: '1'}", told: "nowhere"},
	"redis.config_rewrite": asksServer,
	"redis.delete_keys":    {with: "{pattern: 'nowhere:*', limit: 1}"},
	"redis.expire_keys":    {with: "{pattern: 'nowhere:*', ttl: 1m, limit: 1}"},
	"redis.failover":       {with: "{to: '10.0.0.9:1'}", told: "no replica 10.0.0.9:1 is online"},
	"redis.flush":          asksServer,
	"redis.kill_clients":   {with: "{name: nobody, limit: 1}"},
	"redis.replicate":      {none: "its master need not be there yet"},
	"redis.reset_slowlog":  asksServer,
	"redis.set":            {none: "it makes the key"},
	"redis.get":            {with: "{key: nowhere}"},
	"redis.hit_rate":       asksServer,
	"redis.info":           asksServer,
	"redis.keys_count":     {none: isAnswer},
	"redis.latency":        asksServer,
	"redis.memory":         asksServer,
	"redis.ping":           asksServer,
	"redis.queue_length":   {none: isAnswer},
	"redis.replication":    asksServer,
	"redis.save":           asksServer,
	"redis.scan":           {none: isAnswer},
	"redis.slowlog":        asksServer,

	"sentinel.check_quorum": {with: "{master: nobody}", told: "no master of that name"},
	"sentinel.failover":     {with: "{master: nobody}", told: "no master of that name"},
	"sentinel.list_masters": asksServer,

	"shell.run": {none: "TestOutcomeOfPrograms starts one that is not there"},
}

// timeLimit is that of each attempt, of which it may take a second more.
const timeLimit = 5 * time.Second

// TestWhatFailsSaysHow plays the example of each action at a target that is not reached,
// takes no credential, hangs, is too old, or has not what it is asked about. The error
// names the target, the operation, the cause and the next step, in under 300 characters
// and within the time; an action that is in no table fails it.
func TestWhatFailsSaysHow(t *testing.T) {
	t.Parallel()
	s := newStage(t, fstest.MapFS{})
	for _, a := range all() {
		lack, known := absent[a.Name]
		if !known {
			t.Errorf("%s: say in absent what is told of an object that is not there", a.Name)
		}
		if a.Target == nil || a.Child && a.Target.Name == "shell" { // a program of this machine
			if lack.none == "" {
				s.direct(t, nil)
				s.fails(t, a, missing, lack.told, exampleOf(t, a).with(step{"with": lack.with, "undo": "", "verify": ""}))
			}
			continue
		}
		kind, known := reached[a.Target.Name]
		if !known {
			t.Errorf("%s: say in reached how a target of the kind %s fails", a.Name, a.Target.Name)
			continue
		}
		target, example := a.Target.Name, exampleOf(t, a)
		fails := func(state, told, with string, at map[string]string, config func(string) string) {
			s.direct(t, at)
			if config != nil {
				s.config = config(s.config)
			}
			keys := step{"timeout": timeLimit.String(), "verify": "", "for_each": "", "observe": "", "within": "", "retry": ""}
			if with == "" && example["for_each"] != "" {
				with = lack.with
			}
			if with != "" {
				keys["with"] = strings.ReplaceAll(with, "DIR", strconv.Quote(filepath.Join(t.TempDir(), "dir")))
			}
			s.fails(t, a, state, told, example.with(keys))
		}
		fails(unreached, kind.told[unreached], "", map[string]string{target: kind.gone}, nil)
		if kind.deaf {
			fails(hangs, kind.told[hangs], "", map[string]string{target: s.deaf(t)}, nil)
		} else if err := s.lab.Inject(lab.Fault{Name: "hanging-target", On: target}); err != nil {
			t.Fatal(err)
		} else {
			fails(hangs, kind.told[hangs], "", nil, nil)
			if err := s.lab.Heal("hanging-target"); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case kind.refuses != nil:
			fails(refused, kind.told[refused], "", map[string]string{target: kind.refuses(t)}, nil)
		case kind.wrong != "":
			fails(refused, kind.told[refused], "", nil, func(config string) string { return s.otherSecret(t, config, kind.wrong) })
		}
		if kind.old != nil {
			fails(tooOld, kind.told[tooOld], "", map[string]string{target: kind.old(t)}, nil)
		}
		if lack.none == "" {
			fails(missing, lack.told, lack.with, nil, nil)
		}
	}
}

// direct makes an environment of the lab itself, but for targets that are elsewhere.
func (s *stage) direct(t testing.TB, at map[string]string) {
	t.Helper()
	var err error
	if s.state, err = journal.Open(filepath.Join(t.TempDir(), "state")); err != nil {
		t.Fatal(err)
	}
	database := s.lab.Address(lab.Mongo)
	if elsewhere := at[lab.Mongo]; elsewhere != "" {
		database = elsewhere
	}
	s.config = s.database(t, s.lab.ConfigurationWith(model.Project, at), database)
	if address := at["postgres"]; address != "" { // which the lab has not
		s.config = strings.Replace(s.config, "    targets:\n", "    targets:\n      postgres: {uri: \"postgres://ann@"+address+"/shop?sslmode=disable\", password: {secret: redis}}\n", 1)
	}
}

// otherSecret gives a secret of the environment another text.
func (s *stage) otherSecret(t *testing.T, config, name string) string {
	t.Helper()
	file := regexp.MustCompile(name + `: \{file: "(.*)"\}`).FindStringSubmatch(config)
	text := "wrong-password"
	if name == lab.Mongo {
		text = "mongodb://mltb:wrong@" + s.lab.Address(lab.Mongo) + "/mltb?authSource=mltb&directConnection=true"
	}
	other := filepath.Join(t.TempDir(), "secret")
	write(t, other, []byte(text))
	return strings.Replace(config, file[1], other, 1)
}

// fails plays a step, and holds what is told of its failure.
func (s *stage) fails(t *testing.T, a *action.Action, state, told string, of step) {
	t.Helper()
	began := s.clock.Now()
	got := s.play(t, document("proof", step{"steps": list(of)}), run.Mode{}, nil, nil)
	if got.refused != nil {
		t.Errorf("%s, %s: %v %v", a.Name, state, got.refused, got.refused.List)
		return
	}
	if told == "" {
		if got.State != event.Done {
			t.Errorf("%s, %s: ended %s: %+v", a.Name, state, got.State, got.Failure)
		}
		return
	}
	f := got.Failure
	if f == nil || got.State == event.InDoubt {
		t.Errorf("%s, %s: ended %s: %+v", a.Name, state, got.State, f)
		return
	}
	line := fmt.Sprintf("%s; %s; %s", f.Line(), strings.Join(f.Tried, ", "), strings.Join(f.Do[:min(1, len(f.Do))], ""))
	if n := utf8.RuneCountInString(line); n >= 300 || !strings.Contains(f.Where, whereOf(a)) || !regexp.MustCompile(told).MatchString(f.What) || len(f.Tried) == 0 || len(f.Do) == 0 {
		t.Errorf("%s, %s: %d characters: %s\n%+v", a.Name, state, n, line, f)
	}
	if took := s.clock.Now().Sub(began); took > timeLimit+time.Second {
		t.Errorf("%s, %s: took %s", a.Name, state, took)
	}
}

// whereOf is what an error of an action is to name: its target, or the path.
func whereOf(a *action.Action) string {
	if a.Target == nil {
		return "/nowhere"
	}
	return a.Target.Name
}
