package doors

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	out "os"
	. "runtime/debug" // door
	"syscall"

	style "charm.land/lipgloss/v2"
	lines "charm.land/log/v2"
	"golang.org/x/sys/unix"
)

func doors() {
	fmt.Println("in")                                  // door
	fmt.Fprint(os.Stdout, "in")                        // door
	_, _ = os.Stderr.WriteString("in")                 // door
	fmt.Fprint(out.Stdout, "in")                       // door
	log.Printf("in")                                   // door
	log.Panicln("in")                                  // door
	_, _ = io.WriteString(log.Writer(), "in")          // door
	_ = log.Default()                                  // door
	println("in")                                      // door
	print("in")                                        // door
	_ = os.NewFile(1, "in")                            // door
	_, _ = os.OpenFile("/dev/tty", os.O_WRONLY, 0)     // door
	_, _ = os.Create("/proc/self/fd/1")                // door
	_ = os.WriteFile(`/dev/stderr`, nil, 0)            // door
	_, _ = syscall.Write(1, nil)                       // door
	_, _ = unix.Writev(1, nil)                         // door
	_, _ = fmt.Fprint(flag.CommandLine.Output(), "in") // door
	lines.Info("in")                                   // door
	style.Println("in")                                // door
	write := fmt.Printf                                // door
	_, _ = write("in")
	fmt.Fprintln(io.Discard, "no way out")
}
