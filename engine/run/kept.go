package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"runbook/engine/event"
	"runbook/engine/schema"
)

// mostKept is how much a run puts into files, in bytes.
const mostKept = 256 << 20

var errKept = fmt.Errorf("this run has kept %s, and keeps no more", schema.HumanBytes(mostKept))

// keep puts the texts of a step that says so into files beside the journal: they are
// evidence, and a report names them by their sums. It reports whether all were kept; one
// that was not is a warning.
func (r *runner) keep(in *instance) bool {
	outputs, _ := in.outputs.(map[string]any)
	if !in.step.Keep || r.Keep == nil || in.step.Loop != nil && !in.item {
		return true
	}
	all := true
	for _, f := range in.step.Op.Action.Outputs.Fields {
		text := r.wholeOf(outputs[f.Name])
		if f.Show == "" || text == "" {
			continue
		}
		fact := r.kept(in.path, f.Name, []byte(text))
		fact.Cut, _ = outputs["truncated"].(bool)
		if r.record(event.TypeKept, in.path, 0, fact) != nil {
			return true
		}
		if w := fact.Warning(); w != "" {
			r.warn(in, w)
			all = false
		}
	}
	return all
}

// wholeOf is a text, or a list of texts as lines, without secrets.
func (r *runner) wholeOf(v any) string {
	switch v := r.clean(v).(type) {
	case string:
		return v
	case []any:
		var b strings.Builder
		for _, line := range v {
			b.WriteString(schema.TextOf(line))
			b.WriteByte('\n')
		}
		return b.String()
	}
	return ""
}

func (r *runner) kept(path event.Path, output string, text []byte) *event.Kept {
	fact := &event.Kept{Output: output, Bytes: len(text)}
	full := false
	r.tally.do(func() {
		if full = r.tally.kept+len(text) > mostKept; !full {
			r.tally.kept += len(text)
		}
	})
	err := errKept
	if !full {
		name := strings.NewReplacer("/", ".", "[", "-", "]", "").Replace(string(path))
		fact.File, err = r.Keep(name+"."+output, text)
	}
	if err != nil {
		return &event.Kept{Output: output, Bytes: len(text), Error: reason(err)}
	}
	sum := sha256.Sum256(text)
	fact.File, fact.SHA256 = filepath.Base(filepath.Dir(fact.File))+"/"+filepath.Base(fact.File), hex.EncodeToString(sum[:])
	return fact
}

// reason is the last cause of an error of a file, without its path.
func reason(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}
