package service

import (
	"io"
	"net"
	"net/http"
	"strings"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// qBittorrent is the Web API of a qBittorrent 4.6 that asks clients on its own
// host for no password.
type qBittorrent struct{ model *model.Model }

// ServeQBittorrent serves qBittorrent's /api/v2 at address, behind g, until g is
// closed. It returns where it listens.
func ServeQBittorrent(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	q := &qBittorrent{m}
	mux := http.NewServeMux()
	handle := func(pattern string, serve http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if gate.VisitOf(r).Pause(r.Context(), callTime) != nil {
				panic(http.ErrAbortHandler)
			}
			serve(w, r)
		})
	}
	handle("GET /api/v2/app/version", say("v4.6.7"))
	handle("GET /api/v2/app/webapiVersion", say("2.9.3"))
	handle("POST /api/v2/auth/login", login)
	handle("GET /api/v2/torrents/info", q.torrents)
	handle("GET /api/v2/transfer/info", q.transfer)
	handle("POST /api/v2/torrents/pause", q.each(func(w *model.World, gid string) { w.HoldTask(gid, true) }))
	handle("POST /api/v2/torrents/resume", q.each(func(w *model.World, gid string) { w.HoldTask(gid, false) }))
	handle("POST /api/v2/torrents/recheck", q.each(func(*model.World, string) {}))
	return g.Serve("tcp", address, mux, classifyTorrents)
}

// classifyTorrents takes a login for a read: it makes a session.
func classifyTorrents(r *http.Request) (string, bool) {
	name, mutates := gate.ByMethod(r)
	return name, mutates && r.URL.Path != "/api/v2/auth/login"
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		_, _ = io.WriteString(w, text)
	}
}

// login lets everybody in, as for clients on the own host.
func login(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "SID", Value: "lab", HttpOnly: true, SameSite: http.SameSiteStrictMode, Path: "/"})
	say("Ok.")(w, r)
}

// hash is the info hash that stands for a gid.
func hash(gid string) string { return gid + strings.Repeat("0", 24) }

func (q *qBittorrent) torrents(w http.ResponseWriter, r *http.Request) {
	wanted := r.URL.Query().Get("filter")
	list := []map[string]any{}
	q.model.Look(func(world *model.World) {
		for _, t := range tasksOf(world, "qbittorrent") {
			if t.Status == "processing" && filtered(t, wanted) {
				list = append(list, torrent(t))
			}
		}
	})
	reply(w, http.StatusOK, list)
}

func filtered(t model.Task, wanted string) bool {
	switch wanted {
	case "", "all", "downloading":
		return true
	case "active", "resumed":
		return !t.Held && (t.Moving || wanted == "resumed")
	case "paused":
		return t.Held
	case "stalled", "stalled_downloading":
		return !t.Held && !t.Moving
	}
	return false
}

func torrent(t model.Task) map[string]any {
	state, rate, eta := "stalledDL", 0, 8640000
	switch {
	case t.Held:
		state = "pausedDL"
	case t.Moving:
		state, rate = "downloading", speed
		eta = int((100 - t.Progress) / 100 * size / speed)
	}
	done := int(t.Progress / 100 * size)
	return map[string]any{
		"hash": hash(t.GID), "name": t.GID, "state": state, "progress": t.Progress / 100, "size": size, "total_size": size,
		"completed": done, "downloaded": done, "amount_left": size - done, "dlspeed": rate, "upspeed": 0, "eta": eta,
		"last_activity": t.Updated.Unix(), "save_path": "/downloads", "category": "", "tags": "", "num_seeds": 4, "num_leechs": 1,
	}
}

func (q *qBittorrent) transfer(w http.ResponseWriter, _ *http.Request) {
	rate, done := 0, 0
	q.model.Look(func(world *model.World) {
		for _, t := range tasksOf(world, "qbittorrent") {
			done += int(t.Progress / 100 * size)
			if t.Moving {
				rate += speed
			}
		}
	})
	reply(w, http.StatusOK, map[string]any{
		"connection_status": "connected", "dht_nodes": 210, "dl_info_data": done, "dl_info_speed": rate,
		"dl_rate_limit": 0, "up_info_data": 0, "up_info_speed": 0, "up_rate_limit": 0,
	})
}

// each does something to the torrents of ?hashes, a list between bars or "all";
// those that there are not are passed over, as qBittorrent does.
func (q *qBittorrent) each(do func(w *model.World, gid string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		hashes := r.FormValue("hashes")
		if hashes == "" {
			http.Error(w, "Bad Request", http.StatusBadRequest)
			return
		}
		wanted := map[string]bool{}
		for h := range strings.SplitSeq(hashes, "|") {
			wanted[h] = true
		}
		q.model.Change(func(world *model.World) {
			for _, t := range tasksOf(world, "qbittorrent") {
				if t.Status == "processing" && (wanted["all"] || wanted[hash(t.GID)]) {
					do(world, t.GID)
				}
			}
		})
		w.WriteHeader(http.StatusOK)
	}
}
