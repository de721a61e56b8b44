package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"runbook/engine/event"
)

// payloads make what holds a fact of each type that this version knows.
var payloads = map[event.Type]func() any{
	event.TypeRunCreated:        made[event.RunCreated],
	event.TypeSource:            made[event.SourceText],
	event.TypePlan:              made[event.Plan],
	event.TypeLocks:             made[event.Locks],
	event.TypeOwner:             made[event.Owner],
	event.TypeStepStarted:       made[event.StepStarted],
	event.TypeStepSkipped:       made[event.StepSkipped],
	event.TypeExpanded:          made[event.Expanded],
	event.TypeApprovalRequested: made[event.Approval],
	event.TypeApprovalAnswered:  made[event.Approval],
	event.TypeApprovalGiven:     made[event.Approval],
	event.TypeApprovalRefused:   made[event.Approval],
	event.TypeApprovalExpired:   made[event.Approval],
	event.TypeApprovalVoid:      made[event.Approval],
	event.TypeIntent:            made[event.Intent],
	event.TypeOutcome:           made[event.Outcome],
	event.TypeResult:            made[event.Result],
	event.TypeObservation:       made[event.Observation],
	event.TypeCheck:             made[event.Check],
	event.TypeRetry:             made[event.Retry],
	event.TypeRemedy:            made[event.Remedy],
	event.TypeShown:             made[event.Shown],
	event.TypeKept:              made[event.Kept],
	event.TypeSettled:           made[event.Settled],
	event.TypeStepFinished:      made[event.StepFinished],
	event.TypePhase:             made[event.PhaseBegan],
	event.TypeRunSuspended:      made[event.RunSuspended],
	event.TypeRunFinished:       made[event.RunFinished],
	event.TypeProgress:          made[event.Progress],
	event.TypePoll:              made[event.Poll],
	event.TypeLog:               made[event.Log],
}

func made[P any]() any { return new(P) }

// decodePayload returns the payload that data holds. Of a type that is not
// known here it is a json.RawMessage. What is of another kind than declared, as a number
// that was masked, is zero.
func decodePayload(t event.Type, data []byte) (any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	fresh := payloads[t]
	if fresh == nil {
		if !json.Valid(data) {
			return nil, fmt.Errorf("its %s is not JSON", t)
		}
		return json.RawMessage(bytes.Clone(data)), nil
	}
	payload := fresh()
	if err, masked := json.Unmarshal(data, payload), (*json.UnmarshalTypeError)(nil); err != nil && !errors.As(err, &masked) {
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

// encode returns data as JSON on one line. put gives its memory back. What of it is JSON
// already is taken as it is, in front of the rest.
func (e *encoders) encode(data any) (text []byte, put func(), err error) {
	enc, ok := e.pool.Get().(*encoder)
	if !ok {
		enc = &encoder{}
		enc.json = json.NewEncoder(&enc.buffer)
		enc.json.SetEscapeHTML(false)
	}
	enc.buffer.Reset()
	front := 0
	if s, ok := data.(interface{ Split() event.Split }); ok {
		if split := s.Split(); len(split.Value) > 0 && bytes.IndexByte(split.Value, '\n') < 0 {
			fmt.Fprintf(&enc.buffer, "{%q:", split.Member)
			enc.buffer.Write(split.Value)
			front, data = enc.buffer.Len(), split.Rest
		}
	}
	if err := enc.json.Encode(data); err != nil {
		return nil, func() {}, err
	}
	b := enc.buffer.Bytes()
	if front > 0 { // the rest is an object with members
		b[front] = ','
	}
	return b[:len(b)-1], func() {
		if enc.buffer.Cap() <= maxBuffer {
			e.pool.Put(enc)
		}
	}, nil
}
