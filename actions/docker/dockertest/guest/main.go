// Command guest is what the tests against a real engine run in containers:
// "guest serve BYTES" grows by that many bytes a second until it gets SIGTERM,
// "guest print TEXT CODE" prints the text, and its environment's GUEST to
// stderr, and exits with the code; "guest http PORT" answers requests until it gets
// SIGTERM; "guest check PORT" exits with 1 where that does not answer; "guest sleep
// DURATION" waits; "guest write FILE" writes a file and serves; "guest once" exits with 1
// from the second start of its container on.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "once" {
		once()
		return
	}
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "http":
			answer(os.Args[2])
			return
		case "check":
			check(os.Args[2])
			return
		case "sleep":
			d, _ := time.ParseDuration(os.Args[2])
			time.Sleep(d)
			return
		case "write":
			if err := os.WriteFile(os.Args[2], []byte("written\n"), 0o644); err != nil {
				panic(err)
			}
			os.Args = append(os.Args, "0")
		}
	}
	if len(os.Args) > 3 && os.Args[1] == "print" {
		fmt.Println(os.Args[2])
		fmt.Fprintln(os.Stderr, os.Getenv("GUEST"))
		code, _ := strconv.Atoi(os.Args[3])
		os.Exit(code)
	}
	rate, _ := strconv.Atoi(os.Args[len(os.Args)-1])
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	tick := time.NewTicker(50 * time.Millisecond)
	fmt.Println("guest started, MemoryError: none")
	var hoard [][]byte
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			b := make([]byte, rate/20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hoard = append(hoard, b) //nolint:staticcheck // it is there to take memory
		}
	}
}

// answer takes requests, and ends those under way before it ends.
func answer(port string) {
	server := &http.Server{Addr: ":" + port, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok", os.Getenv("GUEST"))
	}), ReadHeaderTimeout: time.Minute}
	stop, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		_ = server.Shutdown(context.Background())
		close(done)
	}()
	fmt.Println("guest answers at", port)
	_ = server.ListenAndServe()
	<-done
}

func check(port string) {
	client := &http.Client{Timeout: time.Second}
	r, err := client.Get("http://127.0.0.1:" + port + "/")
	if err != nil {
		panic("no answer")
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		panic("no answer")
	}
}

// once notes the start of its container, which is that of process 1, and exits with 1 where
// it noted another.
func once() {
	stat, err := os.ReadFile("/proc/1/stat")
	if err != nil {
		panic(err)
	}
	fields := strings.Fields(string(stat))
	noted, err := os.ReadFile("/noted")
	if err != nil {
		noted = []byte(fields[21])
		_ = os.WriteFile("/noted", noted, 0o600)
	}
	if string(noted) != fields[21] {
		os.Exit(1)
	}
}
