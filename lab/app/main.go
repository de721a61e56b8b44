// Command app plays the download service that the shipped playbooks run
// against, as one static binary for a container built from nothing.
//
// It answers the service's HTTP API, exposes its metrics on a port of their
// own, and has a switch below /lab/ that makes it leak touched memory for real.
// The switch is a call and not a flag, so that a restart ends the fault.
//
//	app                  serve until SIGTERM or SIGINT
//	app -check URL       exit 0 if URL answers below 400, else 1
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// version is what the service says that it is.
const version = "dev"

// maxLeak is how many bytes leaks take: it protects a host without a limit.
const maxLeak = 1 << 30

// config is what the flags decide.
type config struct {
	appAddr     string
	metricsAddr string
	checkURL    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit code, 2 for a
// mistake in the flags.
func run(ctx context.Context, flags []string, stdout, stderr io.Writer) int {
	cfg, err := parseConfig(flags, stderr)
	if err != nil {
		return 2
	}
	if cfg.checkURL != "" {
		if err := check(ctx, cfg.checkURL); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}
	log := slog.New(slog.NewTextHandler(stdout, nil))
	service := newService(log, maxLeak)
	defer service.leak.close()
	if err := serve(ctx, log, service, cfg); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func parseConfig(flags []string, stderr io.Writer) (config, error) {
	var cfg config
	set := flag.NewFlagSet("app", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&cfg.appAddr, "addr", ":8060", "address of the API")
	set.StringVar(&cfg.metricsAddr, "metrics-addr", ":9090", "address of /metrics")
	set.StringVar(&cfg.checkURL, "check", "", "ask `URL` once and exit 0 if it answers below 400")
	return cfg, set.Parse(flags)
}
