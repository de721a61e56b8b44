package redis

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// The largest requests that are read.
const (
	maxWords = 1 << 16
	maxBulk  = 16 << 20 // bytes
	maxLine  = 64 << 10 // bytes
)

// errProtocol is a request that is none; its text is what the client is told.
type errProtocol string

func (e errProtocol) Error() string { return "ERR Protocol error: " + string(e) }

// read reads the commands of the connection until it ends.
func (c *client) read(requests chan<- []string) {
	r := bufio.NewReaderSize(c.conn, 4096)
	for {
		args, err := readCommand(r)
		var wrong errProtocol
		if errors.As(err, &wrong) {
			_, _ = io.WriteString(c.conn, "-"+wrong.Error()+"\r\n")
		}
		if err != nil {
			return
		}
		if len(args) > 0 {
			requests <- args
		}
	}
}

// readCommand reads a command: an array of bulk strings, or a line of words.
func readCommand(r *bufio.Reader) ([]string, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(line, "*") {
		return strings.Fields(line), nil
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n > maxWords {
		return nil, errProtocol("invalid multibulk length")
	}
	var args []string
	for range n {
		word, err := readBulk(r)
		if err != nil {
			return nil, err
		}
		args = append(args, word)
	}
	return args, nil
}

func readBulk(r *bufio.Reader) (string, error) {
	line, err := readLine(r)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(line, "$") {
		return "", errProtocol("expected '$', got '" + line[:min(1, len(line))] + "'")
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > maxBulk {
		return "", errProtocol("invalid bulk length")
	}
	bulk := make([]byte, n+2)
	if _, err := io.ReadFull(r, bulk); err != nil {
		return "", err
	}
	return string(bulk[:n]), nil
}

func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return strings.TrimRight(string(line), "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		case len(line) > maxLine:
			return "", errProtocol("too big inline request")
		}
	}
}
