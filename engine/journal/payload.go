package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"runbook/engine/event"
)

// payloadOf returns a new payload for facts of type t, nil if t has none that
// this version knows.
func payloadOf(t event.Type) any {
	switch t {
	case event.TypeRunCreated:
		return &event.RunCreated{}
	case event.TypePlan:
		return &event.Plan{}
	case event.TypeLocks:
		return &event.Locks{}
	case event.TypeOwner:
		return &event.Owner{}
	case event.TypeStepStarted:
		return &event.StepStarted{}
	case event.TypeStepSkipped:
		return &event.StepSkipped{}
	case event.TypeExpanded:
		return &event.Expanded{}
	case event.TypeApprovalRequested, event.TypeApprovalAnswered, event.TypeApprovalGiven, event.TypeApprovalRefused,
		event.TypeApprovalExpired, event.TypeApprovalVoid:
		return &event.Approval{}
	case event.TypeIntent:
		return &event.Intent{}
	case event.TypeOutcome:
		return &event.Outcome{}
	}
	return laterPayloadOf(t)
}

func laterPayloadOf(t event.Type) any {
	switch t {
	case event.TypeResult:
		return &event.Result{}
	case event.TypeObservation:
		return &event.Observation{}
	case event.TypeCheck:
		return &event.Check{}
	case event.TypeRetry:
		return &event.Retry{}
	case event.TypeRemedy:
		return &event.Remedy{}
	case event.TypeSettled:
		return &event.Settled{}
	case event.TypeStepFinished:
		return &event.StepFinished{}
	case event.TypePhase:
		return &event.PhaseBegan{}
	case event.TypeRunSuspended:
		return &event.RunSuspended{}
	case event.TypeRunFinished:
		return &event.RunFinished{}
	case event.TypeProgress:
		return &event.Progress{}
	case event.TypePoll:
		return &event.Poll{}
	case event.TypeLog:
		return &event.Log{}
	}
	return nil
}

// decodePayload returns the payload that data holds. Of a type that is not
// known here it is a json.RawMessage.
func decodePayload(t event.Type, data []byte) (any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	payload := payloadOf(t)
	if payload == nil {
		if !json.Valid(data) {
			return nil, fmt.Errorf("its %s is not JSON", t)
		}
		return json.RawMessage(bytes.Clone(data)), nil
	}
	if err := json.Unmarshal(data, payload); err != nil {
		return nil, fmt.Errorf("its %s cannot be read: %w", t, err)
	}
	return payload, nil
}

// encoders are kept for the payloads to come.
type encoders struct{ pool sync.Pool }

type encoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
}

// encode returns data as JSON on one line. put gives its memory back.
func (e *encoders) encode(data any) (text []byte, put func(), err error) {
	enc, ok := e.pool.Get().(*encoder)
	if !ok {
		enc = &encoder{}
		enc.json = json.NewEncoder(&enc.buffer)
		enc.json.SetEscapeHTML(false)
	}
	enc.buffer.Reset()
	if err := enc.json.Encode(data); err != nil {
		return nil, func() {}, err
	}
	b := enc.buffer.Bytes()
	return b[:len(b)-1], func() {
		if enc.buffer.Cap() <= maxBuffer {
			e.pool.Put(enc)
		}
	}, nil
}
