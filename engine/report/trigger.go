package report

import "runbook/engine/event"

// begunBy says who or what began a run: a person is named alone.
func (p *sheet) begunBy(h *event.RunCreated) string {
	t := h.Trigger
	text := h.User
	switch t.Kind {
	case event.ByAlert:
		text = "an alert"
		if t.Alert != nil {
			text = "alert " + t.Alert.Name + ", firing since " + p.clock(t.Alert.Started) + ", fingerprint " + t.Alert.Fingerprint
		}
	case event.BySchedule:
		text = "schedule " + t.By
	case event.ByChat:
		text = t.By + " in chat"
	case event.ByAssistant:
		text = t.By + " through an assistant"
	case event.ByAPI:
		text = t.By + " over the API"
	}
	if t.Request != "" {
		text += ", request " + t.Request
	}
	return text
}
