package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// checkTimeout is how long check waits for an answer.
const checkTimeout = 2 * time.Second

// check asks url once: the health check of a container that has no shell. An
// answer below 400 is healthy.
func check(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("check %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("check %s: answered %s", url, response.Status)
	}
	return nil
}
