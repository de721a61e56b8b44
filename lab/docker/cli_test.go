package docker

import (
	"bytes"
	"context"
	"os"
	osexec "os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"runbook/lab/clock"
	"runbook/lab/model"
)

// cli runs Docker's own command line client against the engine.
func (b *bench) cli(arguments ...string) (out string, code int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	command := osexec.CommandContext(ctx, "docker", append([]string{"-H", b.network + "://" + b.server.Addr()}, arguments...)...)
	command.Env = append(os.Environ(), "DOCKER_CONTEXT=", "DOCKER_HOST=", "DOCKER_CONFIG="+b.t.TempDir())
	var text bytes.Buffer
	command.Stdout, command.Stderr = &text, &text
	err := command.Run()
	if command.ProcessState == nil {
		b.t.Fatalf("RUNBOOK_TEST_REAL is set and docker cannot be run: %v", err)
	}
	return text.String(), command.ProcessState.ExitCode()
}

// TestCommandLineReal holds that Docker's own client understands the engine.
func TestCommandLineReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	b := newBench(t, clock.Flow(time.Now(), 20))
	for _, c := range []struct {
		command string
		want    string // a pattern
		code    int
	}{
		{"version", `(?s)Server:.*API version:\s+1\.41`, 0},
		{"info", `Running: 10`, 0},
		{"ps -a", `mltb-app-1`, 0},
		{"ps --filter health=healthy --format {{.Names}}|{{.Status}}", `mltb-app-1\|Up 36 hours \(healthy\)`, 0},
		{"inspect -f {{.State.Status}}/{{.HostConfig.Memory}}/{{.Config.Image}} mltb-app-1", `^running/1073741824/mltb/app:1\.4\.2\n$`, 0},
		{"inspect nosuch", `No such object: nosuch`, 1},
		{"stats --no-stream", `mltb-app-1\s+\d+\.\d+%\s+\d+(\.\d+)?MiB / 1GiB`, 0},
		{"logs --tail 5 -t mltb-app-1", `T.*Z level=info msg="started"`, 0},
		{"restart -t 5 mltb-app-1", `^mltb-app-1\n$`, 0},
		{"ps --filter health=starting --format {{.Names}}", `mltb-app-1`, 0},
		{"exec mltb-app-1 sh|-c|echo out; echo err >&2; exit 3", `(?s)(out\n.*err\n|err\n.*out\n)`, 3},
		{"exec -e A=b mltb-app-1 printenv A", `^b\n$`, 0},
		{"exec mltb-app-1 nosuch", `executable file not found in \$PATH`, 126},
		{"top mltb-app-1", `/app`, 0},
		{"update -m 2g mltb-app-1", `Memory limit should be smaller than already set memoryswap limit`, 1},
		{"update -m 2g --memory-swap 2g --cpus 2 mltb-app-1", `^mltb-app-1\n$`, 0},
		{"inspect -f {{.HostConfig.Memory}}/{{.HostConfig.NanoCpus}} mltb-app-1", `^2147483648/2000000000\n$`, 0},
		{"pause mltb-app-1", `mltb-app-1`, 0},
		{"exec mltb-app-1 true", `is paused, unpause the container before exec`, 1},
		{"unpause mltb-app-1", `mltb-app-1`, 0},
		{"stop mltb-worker-2", `mltb-worker-2`, 0},
		{"ps -a --filter status=exited", `Exited \(0\)`, 0},
		{"start mltb-worker-2", `mltb-worker-2`, 0},
		{"images", `mltb/app\s+1\.4\.2`, 0},
		{"image inspect -f {{.Size}} mltb/app:1.4.2", `^190840832\n$`, 0},
		{"system df", `(?s)Images\s+10\s+9.*Build Cache\s+1\s+0`, 0},
		{"network ls", `mltb_default\s+bridge`, 0},
		{"network inspect mltb_default", `"Name": "mltb-redis-1"`, 0},
		{"volume ls", `local\s+mltb_mongo`, 0},
		{"diff mltb-app-1", `C /tmp`, 0},
		{"port mltb-app-1", `8060/tcp -> 127\.0\.0\.1:8060`, 0},
		{"run --rm redis:7.2 echo hello", `^hello\n$`, 0},
		{"run --name ends redis:7.2 sh|-c|exit 5", `^$`, 5},
		{"rename ends ended", `^$`, 0},
		{"wait ended", `^5\n$`, 0},
		{"rm ended", `^ended\n$`, 0},
		{"run -d --name lives -m 64m redis:7.2", `^[0-9a-f]{64}\n$`, 0},
		{"rm lives", `You cannot remove a running container`, 1},
		{"rm -f lives", `^lives\n$`, 0},
		{"image prune -f", `Total reclaimed space: 0B`, 0},
	} {
		var arguments []string
		for i, part := range strings.SplitN(c.command, "|", 2) {
			if i == 0 || !strings.HasPrefix(part, "-c|") {
				arguments = append(arguments, strings.Fields(part)...)
				continue
			}
			arguments = append(arguments, "-c", strings.TrimPrefix(part, "-c|"))
		}
		if strings.Contains(c.command, "--format") {
			arguments = strings.Fields(c.command)
		}
		out, code := b.cli(arguments...)
		if ok, err := regexp.MatchString(c.want, out); err != nil || !ok || code != c.code {
			t.Errorf("docker %s: %d %s", c.command, code, out)
		}
	}
	b.eventsByCLI()
}

// eventsByCLI holds docker events to a time in the future and to the past.
func (b *bench) eventsByCLI() {
	b.t.Helper()
	now := b.clock.Now()
	out, code := b.cli("events", "--since", "0", "--until", now.Add(3*time.Second).Format(time.RFC3339), "--filter", "event=restart")
	if code != 0 || !strings.Contains(out, "container restart") || strings.Contains(out, "pause") {
		b.t.Errorf("docker events: %d %s", code, out)
	}
	b.container("mltb-app-1", func(w *model.World, _ *model.Container) {
		if w.Now.Before(now.Add(2 * time.Second)) {
			b.t.Errorf("docker events ended %v after its begin", w.Now.Sub(now))
		}
	})
}
