package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

var idPattern = regexp.MustCompile(`^\d{8}-[0-9a-z]{4,}$`)

// IDs returns the ids of all runs, of the latest day first.
func (s *State) IDs() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the runs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), suffix); ok && idPattern.MatchString(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// Runs returns the runs, the newest first, at most limit (0: all). A journal
// that cannot be read is in it with its Err. A gigabyte of journal costs no more
// than a kilobyte.
func (s *State) Runs(limit int) ([]Summary, error) {
	ids, err := s.IDs()
	if err != nil {
		return nil, err
	}
	var runs []Summary
	for len(ids) > 0 && (limit == 0 || len(runs) < limit) {
		day := ids[0][:8]
		n := slices.IndexFunc(ids, func(id string) bool { return id[:8] != day })
		if n < 0 {
			n = len(ids)
		}
		runs = append(runs, s.newest(ids[:n], limit-len(runs))...)
		ids = ids[n:]
	}
	return runs, nil
}

// late is how much later than its last record a journal may seem to be written,
// by a file system with a coarse clock.
const late = time.Second

// newest returns those of a day that began, the newest first, at most that many
// (without a positive number all). As no run begins after its journal was written
// last, those that were written before the oldest of them began are not opened.
func (s *State) newest(ids []string, most int) (runs []Summary) {
	written := make(map[string]time.Time, len(ids))
	for _, id := range ids {
		if info, err := os.Stat(s.Path(id)); err == nil {
			written[id] = info.ModTime()
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return written[b].Compare(written[a]) })
	for len(ids) > 0 {
		if most > 0 && len(runs) >= most && written[ids[0]].Before(runs[most-1].Started.Add(-late)) {
			break
		}
		n := len(ids)
		if most > 0 {
			n = min(n, max(most-len(runs), readers))
		}
		runs = append(runs, s.summaries(ids[:n])...)
		slices.SortStableFunc(runs, func(a, b Summary) int {
			return cmp.Or(b.Started.Compare(a.Started), strings.Compare(b.ID, a.ID))
		})
		ids = ids[n:]
	}
	if most > 0 {
		runs = runs[:min(most, len(runs))]
	}
	return runs
}

// readers is how many journals are read at once.
const readers = 4

// summaries returns those of the ids that began.
func (s *State) summaries(ids []string) []Summary {
	all, began := make([]Summary, len(ids)), make([]bool, len(ids))
	var wg sync.WaitGroup
	for first := range min(readers, len(ids)) {
		wg.Go(func() {
			for i := first; i < len(ids); i += readers {
				all[i], began[i] = s.summary(ids[i])
			}
		})
	}
	wg.Wait()
	var runs []Summary
	for i, sum := range all {
		if began[i] {
			runs = append(runs, sum)
		}
	}
	return runs
}

// Find returns the run that ref names: by its id, by the last four letters of
// it where they are unique, or "last". The error is an *action.Failure that
// wraps ErrNotFound and lists what there is.
func (s *State) Find(ref string) (Summary, error) {
	if ref == "last" {
		return s.last()
	}
	ids, err := s.IDs()
	if err != nil {
		return Summary{}, err
	}
	found := slices.DeleteFunc(ids, func(id string) bool { return id != ref && !strings.HasSuffix(id, "-"+ref) })
	if len(found) > 1 {
		return Summary{}, notFound(fmt.Sprintf("%d runs end in %q", len(found), ref), "they are "+strings.Join(found, ", "))
	}
	for _, id := range found {
		if sum, ok := s.summary(id); ok {
			return sum, nil
		}
	}
	return Summary{}, s.noRun(ref)
}

// last returns the newest run. What has the name of a journal and is no file is none.
func (s *State) last() (Summary, error) {
	for limit := 1; ; limit *= 8 {
		runs, err := s.Runs(limit)
		if err != nil {
			return Summary{}, err
		}
		for _, r := range runs {
			if info, err := os.Stat(s.Path(r.ID)); r.Err == nil || err == nil && info.Mode().IsRegular() {
				return r, nil
			}
		}
		if len(runs) < limit {
			return Summary{}, notFound("no run was made yet")
		}
	}
}

func (s *State) noRun(ref string) error {
	what := fmt.Sprintf("no run %q in %s", ref, short(s.dir))
	runs, err := s.Runs(5)
	if err != nil || len(runs) == 0 {
		return notFound(what)
	}
	var last []string
	for _, r := range runs {
		last = append(last, r.ID+" "+r.Playbook)
	}
	return notFound(what, "the last are "+strings.Join(last, ", "))
}
