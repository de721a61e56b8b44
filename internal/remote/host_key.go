package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"runbook/engine/action"
)

// hostKeys checks the key that a host shows.
type hostKeys struct {
	h     *Host
	known ssh.HostKeyCallback // of files; nil: own is the key
	files []string
	own   ssh.PublicKey // what the target says

	failed *action.Failure // why the key was refused
}

// usual are the files in which ssh looks for the keys of hosts.
var usual = []string{"~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"}

func (h *Host) hostKeys() (*hostKeys, error) {
	k := &hostKeys{h: h}
	if h.access.HostKey != "" {
		own, _, _, _, err := ssh.ParseAuthorizedKey([]byte(h.access.HostKey))
		if err != nil {
			return nil, h.refused("its host_key is no public key", "write it as it stands in /etc/ssh/ssh_host_ed25519_key.pub of the host: host_key: \"ssh-ed25519 AAAA…\"")
		}
		k.own = own
		return k, nil
	}
	looked := usual
	if h.access.KnownHosts != "" {
		looked = []string{h.access.KnownHosts}
	}
	for _, name := range looked {
		if _, err := os.Stat(home(name)); err == nil || h.access.KnownHosts != "" {
			k.files = append(k.files, home(name))
		}
	}
	var err error
	if k.known, err = knownhosts.New(k.files...); err != nil {
		return nil, h.refused("its known_hosts is not readable: "+strings.TrimPrefix(err.Error(), "knownhosts: "), "correct the file, or "+h.setting("known_hosts"))
	}
	return k, nil
}

// algorithms are those of the keys that are known of a host: of another kind it might
// show one that is not known, though it has the one that is. nil: any.
func (k *hostKeys) algorithms(address string) []string {
	known := []ssh.PublicKey{k.own}
	if k.own == nil {
		known = nil
		var e *knownhosts.KeyError
		if errors.As(k.known(address, unresolved(address), anotherKey{}), &e) {
			for _, want := range e.Want {
				known = append(known, want.Key)
			}
		}
	}
	var names []string
	for _, key := range known {
		if key.Type() == ssh.KeyAlgoRSA {
			names = append(names, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			names = append(names, key.Type())
		}
	}
	return names
}

func (k *hostKeys) callback(address string, remote net.Addr, shown ssh.PublicKey) error {
	is := shown.Type() + " " + ssh.FingerprintSHA256(shown)
	if k.own != nil {
		if string(k.own.Marshal()) == string(shown.Marshal()) {
			return nil
		}
		return k.changed(is, ssh.FingerprintSHA256(k.own), "host_key in runbook.yaml")
	}
	err := k.known(address, remote, shown)
	var unknown *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return k.refuse("the key of the host is revoked by "+revoked.Revoked.Filename+fmt.Sprintf(":%d", revoked.Revoked.Line), "let the host make another key, or correct the line if that is wrong")
	case errors.As(err, &unknown) && len(unknown.Want) > 0:
		want := unknown.Want[0]
		return k.changed(is, ssh.FingerprintSHA256(want.Key), fmt.Sprintf("line %d of %s", want.Line, want.Filename))
	case errors.As(err, &unknown):
		place := k.h.access.KnownHosts
		if place == "" {
			place = usual[0]
		}
		return k.refuse("the key of the host is not known: "+is+"; "+place+" has no line for "+knownhosts.Normalize(address),
			"compare at the host: ssh-keygen -lf "+fileOf(shown), "if it is the same, add the key to "+place)
	}
	return k.refuse("the key of the host was not accepted: "+err.Error(), "correct "+k.h.setting("known_hosts"))
}

// changed is a host that shows another key than the one that place has of it.
func (k *hostKeys) changed(shown, want, place string) error {
	return k.refuse("the host shows another key than "+place+" says: "+shown+", not "+want,
		"find out why before you go on; if the host has a new key, correct it there")
}

func (k *hostKeys) refuse(what string, do ...string) error {
	k.failed = k.h.refused(what, do...)
	return k.failed
}

// fileOf is where a server keeps the key that it shows.
func fileOf(key ssh.PublicKey) string {
	kind := strings.TrimPrefix(key.Type(), "ssh-")
	if strings.HasPrefix(kind, "ecdsa") {
		kind = "ecdsa"
	}
	return "/etc/ssh/ssh_host_" + kind + "_key.pub"
}

// anotherKey is a key that no host has.
type anotherKey struct{}

func (anotherKey) Type() string                        { return "none" }
func (anotherKey) Marshal() []byte                     { return []byte("none") }
func (anotherKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

// unresolved is the address of a host whose name was not resolved.
type unresolved string

func (unresolved) Network() string  { return "tcp" }
func (a unresolved) String() string { return string(a) }
