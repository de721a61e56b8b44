package prometheus

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

// limit is how long one request may take: Prometheus' own query.timeout.
const limit = 2 * time.Minute

// server is the client of one target, and the library's view of it.
type server struct {
	*endpoint.Server
	api v1.API
}

func serverOf(call action.Call) (*server, error) {
	s, err := endpoint.Open(call, endpoint.Protocol{Kind: Target.Name, IsRead: isRead})
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(api.Config{Address: s.URL(), Client: s.Reader})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Where(), err)
	}
	return &server{Server: s, api: v1.NewAPI(client)}, nil
}

// isRead reports whether a request changes nothing. The library sends queries
// by POST, as they may be long.
func isRead(method, path string) bool {
	switch method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return slices.Contains(postReads, path)
	}
	return false
}

// postReads are the paths at which a POST is a read.
var postReads = []string{"/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels"}
