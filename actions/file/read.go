package file

import (
	"bufio"
	"context"
	"crypto/md5"  //nolint:gosec // others still publish such sums
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"runbook/engine/action"
	from "runbook/engine/file"
	"runbook/engine/schema"
	"runbook/internal/disk"
	"runbook/internal/lines"
)

type readParams struct {
	Path string `yaml:"path" min:"1" doc:"The file; a link is followed."`
}

func (p readParams) Brief() string { return p.Path }

type readOutputs struct {
	Text      string    `yaml:"text" show:"last" doc:"The content."`
	SizeBytes int       `yaml:"size_bytes" doc:"Its size."`
	Modified  time.Time `yaml:"modified" doc:"When it was last changed."`
}

func (o readOutputs) Summary() string { return schema.HumanBytes(float64(o.SizeBytes)) }

// Read gives the text of a file.
var Read = action.New(action.Spec[readParams, readOutputs]{
	Name:    "file.read",
	Summary: "Reads a text file of at most 8 MiB whole. What it holds goes into the journal: a secret belongs under secrets in runbook.yaml.",
	Example: `
action: file.read
with: {path: /etc/hosts}
verify: ["outputs.text contains 'localhost'"]
`,
	Effect: action.Read,
	Run:    readText,
})

func readText(_ context.Context, call action.Call, p readParams) (readOutputs, error) {
	path, err := disk.Behind(call, "reading", "path", p.Path)
	if err != nil {
		return readOutputs{}, err
	}
	text, err := disk.Content(path)
	if err != nil {
		return readOutputs{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return readOutputs{}, disk.Failed(path, "looking at it", err)
	}
	if !utf8.Valid(text) {
		return readOutputs{}, &action.Failure{Where: path, What: "it is no text: it holds bytes that are no UTF-8", Final: true, Do: []string{"compare it by file.checksum"}}
	}
	return readOutputs{Text: string(text), SizeBytes: len(text), Modified: info.ModTime()}, nil
}

type tailParams struct {
	Path   string      `yaml:"path" min:"1" doc:"The file; a link is followed."`
	Lines  int         `yaml:"lines" default:"100" min:"1" max:"10000" doc:"How many of the last lines to give."`
	Search schema.Size `yaml:"search" default:"16MiB" min:"1KiB" max:"1GiB" doc:"How much of the end is read, to count in."`
	Count  []string    `yaml:"count,omitempty" max:"50" doc:"Texts; the lines in which each occurs are counted."`
	Regexp bool        `yaml:"regexp" default:"false" doc:"The texts of count are regular expressions (RE2)."`
}

func (p tailParams) Brief() string { return p.Path }

type tailOutputs struct {
	Lines      []string       `yaml:"lines" show:"last" doc:"The last lines; of each at most 16 KiB."`
	TotalLines int            `yaml:"total_lines" doc:"Lines that were read."`
	Counts     map[string]int `yaml:"counts" doc:"For each text of count the lines in which it occurs."`
	Matches    int            `yaml:"matches" doc:"Lines in which at least one text of count occurs."`
	SizeBytes  int            `yaml:"size_bytes" doc:"Size of the file."`
	Truncated  bool           `yaml:"truncated" doc:"Whether the file begins before what was read of it."`
}

func (o tailOutputs) Summary() string {
	text := schema.HumanQuantity(o.TotalLines, "line", "lines")
	if len(o.Counts) > 0 {
		text += ", " + schema.HumanCount(int64(o.Matches)) + " match"
	}
	return text
}

// Tail gives the end of a file.
var Tail = action.New(action.Spec[tailParams, tailOutputs]{
	Name:    "file.tail",
	Summary: "Reads the last lines of a text file of any size, and counts texts in its end.",
	Example: `
action: file.tail
with: {path: /etc/hosts, lines: 200, count: [localhost]}
verify: [outputs.matches > 0]
`,
	Effect: action.Read,
	Run:    tail,
})

func tail(ctx context.Context, call action.Call, p tailParams) (tailOutputs, error) {
	path, err := disk.Behind(call, "reading", "path", p.Path)
	if err != nil {
		return tailOutputs{}, err
	}
	last, err := lines.NewTail(p.Count, p.Regexp)
	if err != nil {
		return tailOutputs{}, action.ParamError("count", "%v", err)
	}
	f, err := from.Open(path, os.O_RDONLY)
	if err != nil {
		return tailOutputs{}, disk.Failed(path, "reading it", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return tailOutputs{}, disk.Failed(path, "looking at it", err)
	}
	skipped := max(0, info.Size()-int64(p.Search))
	in, err := fromLine(f, skipped)
	if err == nil {
		out := lines.NewWriter(last)
		_, err = copyAll(ctx, call, out, in, info.Size()-skipped)
		out.Close()
	}
	if err != nil {
		return tailOutputs{}, disk.Failed(path, "reading it", err)
	}
	found := last.Found()
	o := tailOutputs{Lines: found.Lines, TotalLines: found.Total, Counts: found.Counts, Matches: found.Matches, SizeBytes: int(info.Size()), Truncated: skipped > 0}
	if more := len(o.Lines) - p.Lines; more > 0 {
		o.Lines = o.Lines[more:]
	}
	return o, nil
}

// fromLine goes to the first line that begins at a place of a file, or behind it.
func fromLine(f *os.File, at int64) (io.Reader, error) {
	in := bufio.NewReader(f)
	if at == 0 {
		return in, nil
	}
	if _, err := f.Seek(at-1, io.SeekStart); err != nil {
		return nil, err
	}
	for {
		_, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return in, err
		}
	}
}

type checksumParams struct {
	Path      string `yaml:"path" min:"1" doc:"The file; a link is followed."`
	Algorithm string `yaml:"algorithm" default:"sha256" enum:"sha256,sha512,sha1,md5" doc:"How the sum is made. sha1 and md5 find accidents, and no attacker."`
}

func (p checksumParams) Brief() string { return p.Path }

type checksumOutputs struct {
	Checksum  string `yaml:"checksum" doc:"In lower-case hexadecimal digits, as sha256sum prints it."`
	SizeBytes int    `yaml:"size_bytes" doc:"How much was read."`
}

func (o checksumOutputs) Summary() string {
	return o.Checksum[:min(16, len(o.Checksum))] + "… of " + schema.HumanBytes(float64(o.SizeBytes))
}

// Checksum sums up a file.
var Checksum = action.New(action.Spec[checksumParams, checksumOutputs]{
	Name:    "file.checksum",
	Summary: "Reads a file of any size, and gives its checksum.",
	Example: `
action: file.checksum
with: {path: /etc/hosts}
verify: [len(outputs.checksum) == 64]
`,
	Effect: action.Read,
	Run:    checksum,
})

func checksum(ctx context.Context, call action.Call, p checksumParams) (checksumOutputs, error) {
	path, err := disk.Behind(call, "reading", "path", p.Path)
	if err != nil {
		return checksumOutputs{}, err
	}
	f, err := from.Open(path, os.O_RDONLY)
	if err != nil {
		return checksumOutputs{}, disk.Failed(path, "reading it", err)
	}
	defer f.Close()
	h := map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "sha1": sha1.New, "md5": md5.New}[p.Algorithm]()
	info, err := f.Stat()
	if err != nil {
		return checksumOutputs{}, disk.Failed(path, "looking at it", err)
	}
	n, err := copyAll(ctx, call, h, f, info.Size())
	if err != nil {
		return checksumOutputs{}, disk.Failed(path, "reading it", err)
	}
	return checksumOutputs{Checksum: hex.EncodeToString(h.Sum(nil)), SizeBytes: int(n)}, nil
}

// copyAll copies until the end, or until the time is over, and says how far it is of
// so many bytes.
func copyAll(ctx context.Context, call action.Call, to io.Writer, from io.Reader, total int64) (done int64, err error) {
	for {
		n, err := io.CopyN(to, from, 8<<20)
		done += n
		switch {
		case errors.Is(err, io.EOF):
			return done, nil
		case err == nil:
			err = ctx.Err()
		}
		if err != nil {
			return done, err
		}
		call.Progress(action.Progress{Done: int(done >> 20), Total: int(total >> 20), Note: "MiB"})
	}
}
