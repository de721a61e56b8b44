package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// serve answers the API and the metrics until ctx ends. It then closes both at
// once, without waiting for requests in flight: a restart must be quick.
func serve(ctx context.Context, log *slog.Logger, service *service, cfg config) error {
	api, err := net.Listen("tcp", cfg.appAddr)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	defer api.Close()
	metrics, err := net.Listen("tcp", cfg.metricsAddr)
	if err != nil {
		return fmt.Errorf("listen for the metrics: %w", err)
	}
	defer metrics.Close()

	log.Info("started", "version", version, "api", api.Addr().String(), "metrics", metrics.Addr().String())
	servers := []*http.Server{newServer(service.handler()), newServer(service.metricsHandler())}
	failed := make(chan error, len(servers))
	go func() { failed <- servers[0].Serve(api) }()
	go func() { failed <- servers[1].Serve(metrics) }()

	select {
	case <-ctx.Done():
		log.Info("stopped", "cause", context.Cause(ctx).Error())
	case err = <-failed:
	}
	for _, server := range servers {
		server.Close()
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func newServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
}
