package service

import (
	"encoding/json"
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
		"aria2.tellStatus":    {false, tellStatus},
		"aria2.pause":         {true, hold(true)},
		"aria2.unpause":       {true, hold(false)},
		"aria2.remove":        {true, remove},
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

// tasksOf are the tasks that a client knows.
func tasksOf(w *model.World, client string) []model.Task {
	var known []model.Task
	for _, t := range w.Tasks() {
		if t.Client == client && !t.Lost {
			known = append(known, t)
		}
	}
	return known
}

func active(t model.Task) bool { return t.Status == "processing" && !t.Held }

func globalStat(w *model.World, _ []json.RawMessage) (any, *fault) {
	moving, running, waiting := 0, 0, 0
	for _, t := range tasksOf(w, "aria2") {
		switch {
		case active(t):
			running++
		case t.Held:
			waiting++
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
		if active(t) {
			list = append(list, told(t))
		}
	}
	return list, nil
}

func tellStatus(w *model.World, params []json.RawMessage) (any, *fault) {
	gid, wrong := gidOf(params)
	if wrong != nil {
		return nil, wrong
	}
	for _, t := range tasksOf(w, "aria2") {
		if t.GID == gid && t.Status == "processing" {
			return told(t), nil
		}
	}
	return nil, notFound(gid)
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

func hold(held bool) func(*model.World, []json.RawMessage) (any, *fault) {
	return func(w *model.World, params []json.RawMessage) (any, *fault) {
		gid, wrong := gidOf(params)
		if wrong != nil {
			return nil, wrong
		}
		for _, t := range tasksOf(w, "aria2") {
			if t.GID != gid || t.Status != "processing" {
				continue
			}
			if t.Held == held {
				verb := "unpaused"
				if held {
					verb = "paused"
				}
				return nil, &fault{1, "GID#" + gid + " cannot be " + verb + " now"}
			}
			w.HoldTask(gid, held)
			return gid, nil
		}
		return nil, notFound(gid)
	}
}

func remove(w *model.World, params []json.RawMessage) (any, *fault) {
	gid, wrong := gidOf(params)
	if wrong != nil {
		return nil, wrong
	}
	for _, t := range tasksOf(w, "aria2") {
		if t.GID == gid && t.Status == "processing" && w.DropTask(gid) {
			return gid, nil
		}
	}
	return nil, &fault{1, "Active Download not found for GID#" + gid}
}

func gidOf(params []json.RawMessage) (string, *fault) {
	var gid string
	if len(params) == 0 || json.Unmarshal(params[0], &gid) != nil {
		return "", &fault{1, "The parameter at 0 has wrong type."}
	}
	return gid, nil
}

func notFound(gid string) *fault { return &fault{1, "GID " + gid + " is not found"} }
