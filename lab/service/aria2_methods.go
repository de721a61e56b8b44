package service

import (
	"encoding/json"
	"slices"
	"strconv"

	"runbook/lab/model"
)

// method is one of aria2's.
type method struct {
	mutates bool
	call    func(w *model.World, params []json.RawMessage) (any, *fault)
}

// methods are those of aria2 that the lab knows.
func methods() map[string]method {
	return map[string]method{
		"aria2.getVersion":    {false, version},
		"aria2.getGlobalStat": {false, globalStat},
		"aria2.tellActive":    {false, tellActive},
		"aria2.tellStatus":    {false, about(func(_ *model.World, t model.Task) (any, *fault) { return told(t), nil })},
		"aria2.pause":         {true, about(hold(true))},
		"aria2.unpause":       {true, about(hold(false))},
		"aria2.remove":        {true, about(func(w *model.World, t model.Task) (any, *fault) { w.DropTask(t.GID); return t.GID, nil })},
	}
}

// speed is at how many bytes in a second a task moves, and size how many it has:
// it takes a minute.
const (
	speed = 8 * model.MiB
	size  = 60 * speed
)

func version(*model.World, []json.RawMessage) (any, *fault) {
	return map[string]any{
		"enabledFeatures": []string{"Async DNS", "BitTorrent", "Firefox3 Cookie", "GZip", "HTTPS", "Message Digest", "Metalink", "XML-RPC", "SFTP"},
		"version":         "1.37.0",
	}, nil
}

// tasksOf are the tasks that a client has: those that it was given and not lost.
func tasksOf(w *model.World, client string) []model.Task {
	return slices.DeleteFunc(w.Tasks(), func(t model.Task) bool { return t.Client != client || t.Lost || t.Status != "processing" })
}

// about is a method about the task whose GID is its first parameter.
func about(do func(*model.World, model.Task) (any, *fault)) func(*model.World, []json.RawMessage) (any, *fault) {
	return func(w *model.World, params []json.RawMessage) (any, *fault) {
		var gid string
		if len(params) == 0 || json.Unmarshal(params[0], &gid) != nil {
			return nil, &fault{1, "The parameter at 0 has wrong type."}
		}
		for _, t := range tasksOf(w, "aria2") {
			if t.GID == gid {
				return do(w, t)
			}
		}
		return nil, &fault{1, "GID " + gid + " is not found"}
	}
}

func globalStat(w *model.World, _ []json.RawMessage) (any, *fault) {
	moving, running, waiting := 0, 0, 0
	for _, t := range tasksOf(w, "aria2") {
		if t.Held {
			waiting++
		} else {
			running++
		}
		if t.Moving {
			moving++
		}
	}
	return map[string]string{
		"downloadSpeed": strconv.Itoa(moving * speed), "numActive": strconv.Itoa(running), "numStopped": "0",
		"numStoppedTotal": "0", "numWaiting": strconv.Itoa(waiting), "uploadSpeed": "0",
	}, nil
}

func tellActive(w *model.World, _ []json.RawMessage) (any, *fault) {
	list := []map[string]any{}
	for _, t := range tasksOf(w, "aria2") {
		if !t.Held {
			list = append(list, told(t))
		}
	}
	return list, nil
}

// told is how aria2 tells of a task: figures are text.
func told(t model.Task) map[string]any {
	status, rate := "active", 0
	if t.Held {
		status = "paused"
	}
	if t.Moving {
		rate = speed
	}
	done := strconv.Itoa(int(t.Progress / 100 * size))
	return map[string]any{
		"gid": t.GID, "status": status, "totalLength": strconv.Itoa(size), "completedLength": done, "uploadLength": "0",
		"downloadSpeed": strconv.Itoa(rate), "uploadSpeed": "0", "connections": "1", "dir": "/downloads",
		"files": []map[string]any{{
			"index": "1", "path": "/downloads/" + t.GID, "length": strconv.Itoa(size), "completedLength": done, "selected": "true", "uris": []any{},
		}},
	}
}

func hold(held bool) func(*model.World, model.Task) (any, *fault) {
	return func(w *model.World, t model.Task) (any, *fault) {
		if t.Held == held {
			return nil, &fault{1, "GID#" + t.GID + " cannot be " + map[bool]string{true: "paused", false: "unpaused"}[held] + " now"}
		}
		w.HoldTask(t.GID, held)
		return t.GID, nil
	}
}
