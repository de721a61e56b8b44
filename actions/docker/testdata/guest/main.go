// Command guest is what the tests against a real engine run in containers:
// "guest serve BYTES" grows by that many bytes a second until it gets SIGTERM,
// "guest print TEXT CODE" prints the text, and its environment's GUEST to
// stderr, and exits with the code.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
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
			hoard = append(hoard, b)
		}
	}
}
