//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/internal/realtest"
)

// hosts are two hosts of a group, whose programs know which one they run at.
func hosts(t *testing.T) (p *program, web []*realtest.SSH) {
	t.Helper()
	p = build(t)
	text := "environments:\n  staging:\n    groups: {web: [web1, web2]}\n    secrets: {deploy_key: {file: key2}}\n    targets:\n"
	for i := range 2 {
		s := realtest.StartSSH(t)
		web = append(web, s)
		key := s.KeyFile
		if i == 1 {
			key = "{secret: deploy_key}"
			p.write("key2", s.Key)
		}
		p.write(fmt.Sprintf("state%d", i+1), "old\n")
		text += fmt.Sprintf("      web%d: {kind: shell, host: %q, key: %s, known_hosts: %s, reads: [[cat]], dir: %s, env: {FILE: state%d}}\n", i+1, s.URL, key, s.KnownHosts, p.dir, i+1)
	}
	p.write("runbook.yaml", text)
	return p, web
}

func (p *program) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(p.dir, name))
	return string(text)
}

const rolling = `playbook: rolling
title: Roll
purpose: p
expected: e
inputs: {text: {type: string, default: new}}
steps:
  - id: web
    for_each: ${{ environment.groups.web }}
    steps:
      - id: now
        action: shell.run
        target: ${{ item }}
        with: {argv: [cat, "${{ replace(item, \"web\", \"state\") }}"]}
      - id: change
        action: shell.run
        target: ${{ item }}
        with: {argv: [sh, -c, 'echo "$0" > "$FILE"', "${{ inputs.text }}"]}
`

// A loop over a group of hosts reads there in a dry run and changes nothing; in a run it
// changes each, or those that --limit leaves, and says where.
func TestGroupOfHosts(t *testing.T) {
	p, web := hosts(t)
	p.write("rolling.yaml", rolling)
	out, errs, code := p.run("run", "rolling.yaml", "--dry-run", "--output", "plain")
	if code != 0 || strings.Count(out, "/now executed") != 2 || p.read("state1")+p.read("state2") != "old\nold\n" || !strings.Contains(out, "web1 "+web[0].URL) {
		t.Errorf("%d %s %s", code, out, errs)
	}
	out, errs, code = p.run("run", "rolling.yaml", "--limit", "web2", "--output", "json")
	if code != 0 || p.read("state1") != "old\n" || p.read("state2") != "new\n" || strings.Contains(out, web[0].URL) || !strings.Contains(out, `"limit":["web2"]`) {
		t.Errorf("%d %s %s", code, out, errs)
	}
	out, errs, code = p.run("run", "rolling.yaml", "-i", "text=newer")
	if code != 0 || p.read("state1")+p.read("state2") != "newer\nnewer\n" || strings.Contains(out+errs, "PRIVATE KEY") {
		t.Errorf("%d %s %s", code, out, errs)
	}
}

const cutting = `playbook: cutting
title: Cut
purpose: p
expected: e
steps:
  - id: change
    action: shell.run
    target: web1
    with: {argv: [sh, -c, 'echo new > state1; echo $$ > pid; exec sleep 300 >/dev/null 2>&1']}
`

// A connection that is cut while a program changes something leaves doubt, which an
// observation settles, over another connection.
func TestCutWhileAProgramRuns(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		code int
		says string
	}{
		"in doubt": {code: 6, says: "may still run there as process"},
		"settled":  {"    observe: {action: shell.run, target: web1, with: {argv: [cat, state1]}}\n    verify: ['observed.stdout == \"new\\n\"']\n", 0, "settled"},
	} {
		t.Run(name, func(t *testing.T) {
			p, web := hosts(t)
			p.write("cutting.yaml", cutting+c.more)
			cmd := p.command("run", "cutting.yaml", "--output", "plain")
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for range 1000 {
				if strings.HasSuffix(p.read("pid"), "\n") {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			web[0].Cut()
			_ = cmd.Wait()
			if cmd.ProcessState.ExitCode() != c.code || !strings.Contains(out.String(), c.says) {
				t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out.String())
			}
			p.write("end.yaml", "playbook: end\nsteps:\n  - {action: shell.run, target: web1, with: {argv: [kill, "+strings.TrimSpace(p.read("pid"))+"]}}\n")
			if out, errs, code := p.run("run", "end.yaml"); code != 0 {
				t.Errorf("it was ended before: %s %s", out, errs)
			}
		})
	}
}
