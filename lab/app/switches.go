package main

import (
	"fmt"
	"net/http"

	"github.com/docker/go-units"
)

const (
	labPrefix    = "/lab/"
	requestsPath = labPrefix + "requests"
)

// switches serves the call that makes the service leak, and the counts of
// requests:
//
//	POST /lab/leak?where=cache|heap&rate=4MiB   grow by rate each second; rate=0 stops
//	GET  /lab/requests                          {"GET /health": 2, ...}
//
// The requests of /lab/requests itself are not counted; all others are.
func (s *service) switches() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /lab/leak", s.switchLeak)
	mux.HandleFunc("GET "+requestsPath, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.requests.read()) })
	return mux
}

func (s *service) switchLeak(w http.ResponseWriter, r *http.Request) {
	rate, err := units.RAMInBytes(r.FormValue("rate"))
	if err != nil {
		answerError(w, http.StatusBadRequest, "rate: "+err.Error())
		return
	}
	place := leakPlace(r.FormValue("where"))
	if rate > 0 && place != leakCache && place != leakHeap {
		answerError(w, http.StatusBadRequest, fmt.Sprintf("where: %q is neither cache nor heap", place))
		return
	}
	s.leak.start(place, rate)
	s.log.Info("switch leak", "where", place, "bytes_per_second", rate)
	answer(w, http.StatusOK, map[string]any{"where": place, "bytes_per_second": rate})
}
