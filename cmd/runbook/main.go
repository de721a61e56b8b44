// Command runbook runs playbooks for live systems: step by step, verified and
// journalled.
package main

import "os"

// version is set by the linker: -X main.version=1.2.3.
var version string

func main() { os.Exit(execute(os.Args[1:])) }
