package remote

import (
	"errors"
	"net"
	"net/url"
	"os/user"
	"path"
	"strconv"
	"strings"
)

// Address is where a host is reached: ssh://user@host:port, and for a socket its path.
type Address struct {
	User, Host, Port string
	Path             string // "" or absolute
}

var errAddress = errors.New("it is no address of a host: write ssh://user@host, and :port behind it where that is not 22")

// ParseAddress takes an address apart. Without a user it is who runs this process.
func ParseAddress(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ssh" || u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, " \t\r\n") {
		return Address{}, errAddress // its cause would quote a password
	}
	if _, has := u.User.Password(); has {
		return Address{}, errors.New("a password has no place in the address of a host: let it in by a key, as key: {secret: NAME}")
	}
	a := Address{User: u.User.Username(), Host: u.Hostname(), Port: u.Port()}
	if n, err := strconv.ParseUint(a.Port, 10, 16); a.Port != "" && (err != nil || n == 0) {
		return Address{}, errAddress
	}
	if u.Path != "" && u.Path != "/" {
		a.Path = path.Clean(u.Path)
	}
	if a.User == "" {
		me, err := user.Current()
		if err != nil {
			return Address{}, errors.New("it names no user: write ssh://user@" + u.Host)
		}
		a.User = me.Username[strings.LastIndexByte(me.Username, '\\')+1:]
	}
	return a, nil
}

// String returns the address as it is written.
func (a Address) String() string {
	u := url.URL{Scheme: "ssh", User: url.User(a.User), Host: a.Host, Path: a.Path}
	switch {
	case a.Port != "" && a.Port != "22":
		u.Host = net.JoinHostPort(a.Host, a.Port)
	case strings.Contains(a.Host, ":"):
		u.Host = "[" + a.Host + "]"
	}
	return u.String()
}

func (a Address) hostPort() string {
	if a.Port == "" {
		return net.JoinHostPort(a.Host, "22")
	}
	return net.JoinHostPort(a.Host, a.Port)
}

// command is a command line that runs a program there by hand.
func (a Address) command(program string) string {
	line := "ssh "
	if a.Port != "" && a.Port != "22" {
		line += "-p " + a.Port + " "
	}
	return line + a.User + "@" + a.Host + " " + program
}
