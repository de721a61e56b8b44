package event

import "time"

// TriggerKind is what kind of thing began a run.
type TriggerKind string

// The kinds of triggers.
const (
	ByPerson    TriggerKind = "person" // at a command line
	ByAlert     TriggerKind = "alert"
	BySchedule  TriggerKind = "schedule"
	ByChat      TriggerKind = "chat"
	ByAssistant TriggerKind = "assistant" // for a person
	ByAPI       TriggerKind = "api"
)

// Trigger is what began a run. The user of the header is the one whose process
// runs it.
type Trigger struct {
	Kind    TriggerKind `json:"kind"`
	By      string      `json:"by,omitempty"`      // a person, the name of a schedule, the owner of a token
	Request string      `json:"request,omitempty"` // id of the request that began it, where there was one
	Alert   *Alert      `json:"alert,omitempty"`   // of ByAlert
}

// Alert is an alert that fires.
type Alert struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"` // of its labels, as Alertmanager has it
	Started     time.Time `json:"started"`     // it has fired since then
}
