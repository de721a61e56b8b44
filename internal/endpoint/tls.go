package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"runbook/engine/file"
	"runbook/engine/schema"
)

// TLS is how a server is reached by TLS. The targets of every family that can do
// so embed it, so that its keys are called the same everywhere.
type TLS struct {
	CAFile     string      `yaml:"ca_file,omitempty" doc:"A file with the certificates, as PEM, that the server's is checked against, in place of the system's."`
	ClientCert string      `yaml:"client_cert,omitempty" doc:"A file with the certificate, as PEM, that the server is shown."`
	ClientKey  schema.Text `yaml:"client_key,omitempty" doc:"The file with the key of client_cert, or the key itself, as PEM, from a secret."`
	ServerName string      `yaml:"server_name,omitempty" doc:"The name that the server's certificate must bear, if not that of its address."`
	Insecure   bool        `yaml:"insecure" default:"false" doc:"Whether the server's certificate is not checked: anybody on the way can read and answer."`
}

// Given reports whether a key of it is set.
func (t TLS) Given() bool {
	return t.CAFile != "" || t.ClientCert != "" || t.ClientKey.Reveal() != "" || t.ServerName != "" || t.Insecure
}

// SpeaksTLS is Given for a configuration that is not decoded yet.
func SpeaksTLS(config map[string]any) bool {
	for _, key := range []string{"ca_file", "client_cert", "client_key", "server_name", "insecure"} {
		if v, ok := config[key]; ok && v != "" && v != false {
			return true
		}
	}
	return false
}

// NotesOf says what people should know of TLS in a configuration that is not decoded yet.
func NotesOf(config map[string]any) []string {
	var notes []string
	if plain, _ := config["tls"].(bool); plain || SpeaksTLS(config) {
		notes = append(notes, "tls")
	}
	if insecure, _ := config["insecure"].(bool); insecure {
		notes = append(notes, "certificate not checked")
	}
	return notes
}

// Config reads the files. Without a ServerName the client fills in that of the
// address. An error says which key is wrong, and quotes no key.
func (t TLS) Config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.Insecure}
	if t.CAFile != "" {
		text, err := file.Read(t.CAFile, maxCertificates)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ca_file %s holds no certificate; it begins with -----BEGIN CERTIFICATE-----", t.CAFile)
		}
	}
	if (t.ClientCert == "") != (t.ClientKey.Reveal() == "") {
		return nil, errors.New("client_cert and client_key belong together")
	}
	if t.ClientCert == "" {
		return config, nil
	}
	certificate, err := file.Read(t.ClientCert, maxCertificates)
	if err != nil {
		return nil, fmt.Errorf("client_cert: %w", err)
	}
	key := []byte(t.ClientKey.Reveal())
	if !strings.Contains(string(key), "-----BEGIN ") {
		if key, err = file.Read(string(key), file.MostOfSecret); err != nil {
			return nil, fmt.Errorf("client_key %s: %w", t.ClientKey, file.Reason(err))
		}
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("client_cert %s and client_key %s: %w", t.ClientCert, t.ClientKey, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// Check reads the files, and says what of them cannot be used.
func (t TLS) Check() error {
	_, err := t.Config()
	return err
}

// CheckOf is the Check of a kind of target whose configuration is a C.
func CheckOf[C interface{ Check() error }](config map[string]any) error {
	var c C
	if err := schema.Decode(config, &c); err != nil {
		return err //nolint:wrapcheck // it names the keys
	}
	return c.Check()
}

// maxCertificates bounds a file of certificates: those of all authorities of a
// system have some 250 KiB.
const maxCertificates = 4 << 20
