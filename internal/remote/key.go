package remote

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"runbook/engine/action"
	"runbook/engine/file"
)

// keys are the keys that a host is offered.
type keys struct {
	all   []ssh.Signer
	names []string // of where they are from, or why none is: "the agent has no key"
	agent net.Conn // which signs until we are let in
}

func (k *keys) signers() ([]ssh.Signer, error) { return k.all, nil }

func (k *keys) close() {
	if k.agent != nil {
		k.agent.Close()
	}
}

// own are the files that are looked for without a key of the target, as ssh does.
var own = []string{"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"}

// keys are those of the target; where it has none those of the agent, and of this
// user's files that need no passphrase.
func (h *Host) keys() (*keys, error) {
	k := &keys{}
	switch {
	case h.access.Key.IsSecret():
		return k, h.add(k, []byte(h.access.Key.Reveal()), h.access.Key.String())
	case h.access.Key.Reveal() != "":
		name := h.access.Key.Reveal()
		text, err := file.Read(home(name), file.MostOfSecret)
		if err != nil {
			return nil, h.refused("its key is not readable: "+err.Error(), "correct "+h.setting("key"))
		}
		return k, h.add(k, text, name)
	}
	k.ask()
	for _, name := range own {
		text, err := file.Read(home(name), file.MostOfSecret)
		if err != nil {
			continue
		}
		if signer, err := ssh.ParsePrivateKey(text); err == nil {
			k.all, k.names = append(k.all, signer), append(k.names, name)
		} else {
			k.names = append(k.names, name+" needs a passphrase")
		}
	}
	if len(k.all) == 0 {
		k.close()
		return nil, h.refused("there is no key to offer: "+strings.Join(append(k.names, "no ~/.ssh/id_* without a passphrase"), ", "),
			"give the target one: key: FILE or key: {secret: NAME}", "or load one: ssh-add")
	}
	return k, nil
}

// ask takes the keys of the agent, which stays connected to sign with them.
func (k *keys) ask() {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		k.names = append(k.names, "SSH_AUTH_SOCK is not set")
		return
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		k.names = append(k.names, "no agent answers at SSH_AUTH_SOCK")
		return
	}
	k.agent = conn
	signers, err := agent.NewClient(conn).Signers()
	if err != nil || len(signers) == 0 {
		k.names = append(k.names, "the agent has no key")
		return
	}
	k.all, k.names = append(k.all, signers...), append(k.names, fmt.Sprintf("%d of the agent", len(signers)))
}

// add takes a key, which is called by its source.
func (h *Host) add(k *keys, text []byte, source string) error {
	signer, err := h.parse(text)
	var encrypted *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &encrypted):
		return h.refused("its key, "+source+", is encrypted, and the target has no passphrase",
			"add passphrase: {secret: NAME} to the target "+h.target.Name+" in runbook.yaml", "or load it into an agent by ssh-add, and leave key out")
	case errors.Is(err, x509.IncorrectPasswordError):
		return h.refused("the passphrase does not open its key, "+source, "correct "+h.setting("passphrase"))
	case err != nil:
		return h.refused("its key, "+source+", is no private key that ssh knows", "give the whole file, from -----BEGIN to -----END, as "+h.setting("key"))
	}
	k.all, k.names = []ssh.Signer{signer}, []string{source}
	return nil
}

// parse reads a private key. Its line end may be lost on the way through a secret.
func (h *Host) parse(text []byte) (ssh.Signer, error) {
	text = append(slices.Clone(text), '\n')
	if h.access.Passphrase == nil {
		return ssh.ParsePrivateKey(text)
	}
	signer, err := ssh.ParsePrivateKeyWithPassphrase(text, []byte(h.access.Passphrase.Reveal()))
	if err != nil && strings.Contains(err.Error(), "not an encrypted key") {
		return ssh.ParsePrivateKey(text)
	}
	return signer, err
}

// home puts this user's directory in the place of a leading ~.
func home(name string) string {
	rest, ok := strings.CutPrefix(name, "~/")
	if !ok {
		return name
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return name
	}
	return filepath.Join(dir, rest)
}

func (h *Host) setting(key string) string { return action.Call{Target: h.target}.Setting(key) }
