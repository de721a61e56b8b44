package service

import (
	"io"
	"net"
	"net/http"
	"slices"
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
	mux.HandleFunc("GET /api/v2/app/version", say("v4.6.7"))
	mux.HandleFunc("GET /api/v2/app/webapiVersion", say("2.9.3"))
	mux.HandleFunc("GET /api/v2/torrents/info", q.torrents)
	mux.HandleFunc("POST /api/v2/torrents/pause", q.hold(true))
	mux.HandleFunc("POST /api/v2/torrents/resume", q.hold(false))
	return g.Serve("tcp", address, gate.Taking(callTime, mux), gate.ByMethod)
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		_, _ = io.WriteString(w, text)
	}
}

// hash is the info hash that stands for a gid.
func hash(gid string) string { return gid + strings.Repeat("0", 24) }

func (q *qBittorrent) torrents(w http.ResponseWriter, _ *http.Request) {
	list := []map[string]any{}
	q.model.Look(func(world *model.World) {
		for _, t := range tasksOf(world, "qbittorrent") {
			list = append(list, torrent(t))
		}
	})
	reply(w, http.StatusOK, list)
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

// hold pauses the torrents of ?hashes, a list between bars or "all", or goes on
// with them; those that there are not are passed over, as qBittorrent does.
func (q *qBittorrent) hold(held bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		hashes := strings.Split(r.FormValue("hashes"), "|")
		q.model.Change(func(world *model.World) {
			for _, t := range tasksOf(world, "qbittorrent") {
				if hashes[0] == "all" || slices.Contains(hashes, hash(t.GID)) {
					world.HoldTask(t.GID, held)
				}
			}
		})
		w.WriteHeader(http.StatusOK)
	}
}
