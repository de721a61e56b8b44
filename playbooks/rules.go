package playbooks

import "embed"

//go:embed alerts.rules.yml
var alerts embed.FS

// AlertRules is the file of the alerts that the playbooks answer, as Prometheus
// reads it.
func AlertRules() []byte {
	text, err := alerts.ReadFile("alerts.rules.yml")
	if err != nil {
		return nil // it is a part of the binary
	}
	return text
}
