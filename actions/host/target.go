package host

import (
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type targetConfig struct {
	NodeExporter schema.Text `yaml:"node_exporter,omitempty" doc:"URL of a Prometheus node_exporter on the host, as http://127.0.0.1:9100; without one it is the machine that runbook runs on. The other keys are about it."`
	endpoint.Access
}

// Target is the kind of target whose figures host actions read: the machine
// that runbook runs on, or one with a node_exporter.
var Target = &action.TargetKind{
	Name:       "host",
	Summary:    "A host: the machine that runbook runs on, or one that a node_exporter measures.",
	Config:     schema.Of(reflect.TypeFor[targetConfig]()),
	Local:      map[string]any{},
	Everywhere: true,
	Parse:      parse,
	Check:      endpoint.CheckOf[targetConfig],
	Address:    address,
}

func parse(config map[string]any) (map[string]any, error) {
	if config["node_exporter"] == "" {
		return config, nil
	}
	return endpoint.ParseAt("node_exporter")(config)
}

func address(config map[string]any) (string, []string) {
	if url := config["node_exporter"]; url == nil || url == "" {
		return "this machine", nil
	}
	return endpoint.AddressAt("node_exporter", config)
}
