// Command app plays the download service that the shipped playbooks run
// against, as one static binary for a container built from nothing.
//
// It answers the service's HTTP API, exposes its metrics on a port of their
// own, and has switches below /lab/ that make it misbehave for real: it leaks
// touched memory, answers late, or fails. The switches are calls and not flags,
// so that a restart ends every fault.
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

// version is set by the build with -ldflags "-X main.version=...".
var version = "dev"

// config is what the flags and the environment decide.
type config struct {
	appAddr     string
	metricsAddr string
	checkURL    string
	maxLeak     byteSize
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit code, 2 for a
// mistake in the flags.
func run(ctx context.Context, flags []string, getenv func(string) string, stdout, stderr io.Writer) int {
	cfg, err := parseConfig(flags, getenv, stderr)
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
	service := newService(serviceOptions{log: log, maxLeak: int64(cfg.maxLeak)})
	defer service.close()
	if err := serve(ctx, log, service, cfg); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func parseConfig(flags []string, getenv func(string) string, stderr io.Writer) (config, error) {
	cfg := config{maxLeak: 1 << 30}
	set := flag.NewFlagSet("app", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&cfg.appAddr, "addr", orDefault(getenv("APP_ADDR"), ":8060"), "address of the API (APP_ADDR)")
	set.StringVar(&cfg.metricsAddr, "metrics-addr", orDefault(getenv("METRICS_ADDR"), ":9090"), "address of /metrics (METRICS_ADDR)")
	set.StringVar(&cfg.checkURL, "check", "", "ask `URL` once and exit 0 if it answers below 400")
	set.Var(&cfg.maxLeak, "leak-max", "most memory that a leak takes; protects a host without a limit")
	if err := set.Parse(flags); err != nil {
		return config{}, err
	}
	return cfg, nil
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
