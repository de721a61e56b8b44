package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	labPrefix    = "/lab/"
	requestsPath = labPrefix + "requests"
)

// switches serves the calls that make the service misbehave, and the counts of
// requests:
//
//	POST   /lab/leak?where=cache|heap&rate=4MiB   grow by rate each second; rate=0 stops
//	POST   /lab/slow?latency=250ms                answer that late; latency=0 stops
//	POST   /lab/fail?status=503                   answer so always; status=0 stops
//	POST   /lab/log?text=OutOfMemory&count=3      write lines into the log
//	GET    /lab/requests                          {"GET /health": 2, ...}
//	DELETE /lab/requests                          count from 0
//
// The requests of /lab/requests itself are not counted; all others are.
func (s *service) switches() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /lab/leak", s.switchLeak)
	mux.HandleFunc("POST /lab/slow", s.switchSlow)
	mux.HandleFunc("POST /lab/fail", s.switchFail)
	mux.HandleFunc("POST /lab/log", s.writeLog)
	mux.HandleFunc("GET "+requestsPath, s.showRequests)
	mux.HandleFunc("DELETE "+requestsPath, s.resetRequests)
	return mux
}

func (s *service) switchLeak(w http.ResponseWriter, r *http.Request) {
	rate, err := parseSize(r.FormValue("rate"))
	if err != nil {
		answerError(w, http.StatusBadRequest, "rate: "+err.Error())
		return
	}
	place := leakPlace(r.FormValue("where"))
	if rate > 0 && place != leakCache && place != leakHeap {
		answerError(w, http.StatusBadRequest, fmt.Sprintf("where: %q is neither cache nor heap", place))
		return
	}
	s.leak.start(place, int64(rate))
	s.log.Info("switch leak", "where", place, "bytes_per_second", int64(rate))
	place, now := s.leak.state()
	answer(w, http.StatusOK, map[string]any{"where": place, "bytes_per_second": now})
}

func (s *service) switchSlow(w http.ResponseWriter, r *http.Request) {
	latency, err := time.ParseDuration(r.FormValue("latency"))
	if err != nil || latency < 0 {
		answerError(w, http.StatusBadRequest, fmt.Sprintf("latency: %q is no duration: write one like 250ms", r.FormValue("latency")))
		return
	}
	s.latency.Store(int64(latency))
	s.log.Info("switch slow", "latency", latency.String())
	answer(w, http.StatusOK, map[string]any{"latency_ms": float64(latency) / float64(time.Millisecond)})
}

func (s *service) switchFail(w http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(r.FormValue("status"))
	if err != nil || status != 0 && (status < 200 || status > 599) {
		answerError(w, http.StatusBadRequest, fmt.Sprintf("status: %q is neither 0 nor a status from 200 to 599", r.FormValue("status")))
		return
	}
	s.status.Store(int64(status))
	s.log.Info("switch fail", "status", status)
	answer(w, http.StatusOK, map[string]any{"status": status})
}

// maxLogLines bounds one call of /lab/log.
const maxLogLines = 10_000

func (s *service) writeLog(w http.ResponseWriter, r *http.Request) {
	count := 1
	if text := r.FormValue("count"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil || count < 0 || count > maxLogLines {
			answerError(w, http.StatusBadRequest, fmt.Sprintf("count: %q is no number from 0 to %d", text, maxLogLines))
			return
		}
	}
	for range count {
		s.log.Error(r.FormValue("text"))
	}
	answer(w, http.StatusOK, map[string]any{"lines": count})
}

func (s *service) showRequests(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.requests.read())
}

func (s *service) resetRequests(w http.ResponseWriter, _ *http.Request) {
	s.requests.reset()
	answer(w, http.StatusOK, s.requests.read())
}
