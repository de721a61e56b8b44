package docker

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"runbook/lab/model"
)

// The streams of the engine's multiplexed format.
const (
	stdout byte = 1
	stderr byte = 2
)

// stream writes output, multiplexed unless it is that of a terminal.
type stream struct {
	to  io.Writer
	tty bool
}

// write is false once nobody takes the output any more.
func (s stream) write(which byte, text string) bool {
	if text == "" {
		return true
	}
	if s.tty {
		_, err := io.WriteString(s.to, strings.ReplaceAll(text, "\n", "\r\n"))
		return err == nil
	}
	head := [8]byte{which}
	binary.BigEndian.PutUint32(head[4:], uint32(len(text)))
	_, err := s.to.Write(append(head[:], text...))
	return err == nil
}

// lines writes those lines of a log that are wanted, as write does.
func (s stream) lines(o reading, lines []model.Line) bool {
	for _, l := range lines {
		if o.take(l) && !s.write(streamOf(l), lineOf(l, o.timestamps)) {
			return false
		}
	}
	return true
}

// hijack takes the connection of a request over, as for exec and attach.
func hijack(w http.ResponseWriter, r *http.Request) (net.Conn, *bufio.ReadWriter, error) {
	head := w.Header()
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, failure{http.StatusInternalServerError, "the connection cannot be taken over: " + err.Error()}
	}
	_ = conn.SetDeadline(time.Time{})
	status := "HTTP/1.1 200 OK\r\n"
	head.Set("Content-Type", "application/vnd.docker.raw-stream")
	if r.Header.Get("Upgrade") != "" {
		status = "HTTP/1.1 101 UPGRADED\r\n"
		head.Set("Connection", "Upgrade")
		head.Set("Upgrade", "tcp")
	}
	var b strings.Builder
	b.WriteString(status)
	_ = head.Write(&b)
	_, _ = fmt.Fprint(conn, b.String(), "\r\n") // a lost reply has cut it
	return conn, buffer, nil
}

// lineOf is a line of a log with its time where it is asked for.
func lineOf(l model.Line, timestamps bool) string {
	if timestamps {
		return l.At.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " " + l.Text + "\n"
	}
	return l.Text + "\n"
}
