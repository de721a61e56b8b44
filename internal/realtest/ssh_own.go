package realtest

import (
	"errors"
	"io"
	"net"
	"os/exec"
	"testing"

	"golang.org/x/crypto/ssh"
)

// startOwnSSH serves ssh in this process: sessions that run a command line, and sockets.
func startOwnSSH(t testing.TB, files sshFiles) string {
	t.Helper()
	takes := string(files.client.Marshal())
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != takes {
			return nil, errors.New("not this key")
		}
		return nil, nil
	}}
	config.AddHostKey(files.host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSSH(raw, config)
		}
	}()
	return listener.Addr().String()
}

func serveSSH(raw net.Conn, config *ssh.ServerConfig) {
	defer raw.Close()
	_, channels, requests, err := ssh.NewServerConn(raw, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for asked := range channels {
		switch asked.ChannelType() {
		case "session":
			if channel, requests, err := asked.Accept(); err == nil {
				go serveSession(channel, requests)
			}
		case "direct-streamlocal@openssh.com":
			go serveSocket(asked)
		default:
			_ = asked.Reject(ssh.UnknownChannelType, "unknown channel type")
		}
	}
}

func serveSocket(asked ssh.NewChannel) {
	var to struct {
		Path     string
		Reserved string
		Port     uint32
	}
	var socket net.Conn
	err := ssh.Unmarshal(asked.ExtraData(), &to)
	if err == nil {
		socket, err = net.Dial("unix", to.Path)
	}
	if err != nil {
		_ = asked.Reject(ssh.ConnectionFailed, "open failed")
		return
	}
	channel, requests, err := asked.Accept()
	if err != nil {
		socket.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(socket, channel)
		socket.Close()
	}()
	_, _ = io.Copy(channel, socket)
	channel.Close()
}

// serveSession runs one command line in a session of its own. It says how that ended at
// once, and closes when nothing holds the outputs.
func serveSession(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for r := range requests {
		var command struct{ Line string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		cmd := exec.Command("sh", "-c", command.Line)
		cmd.SysProcAttr = ownSession()
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		errs, err3 := cmd.StderrPipe()
		if err := errors.Join(err1, err2, err3); err != nil || cmd.Start() != nil {
			_ = r.Reply(false, nil)
			return
		}
		_ = r.Reply(true, nil)
		go func() { _, _ = io.Copy(in, channel); in.Close() }()
		copied := make(chan struct{})
		go func() { _, _ = io.Copy(channel.Stderr(), errs); close(copied) }()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if state, err := cmd.Process.Wait(); err == nil {
				sendEnd(channel, state)
			}
		}()
		_, _ = io.Copy(channel, out)
		<-copied
		_ = channel.CloseWrite()
		<-ended
		return
	}
}
