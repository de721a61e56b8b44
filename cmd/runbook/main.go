package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// version is set by the linker: -X main.version=1.2.3.
var version string

func main() { os.Exit(execute(os.Args[1:])) }

// engineVersion is the version set by the linker, else that of the module, which the
// compiler takes from the commit.
func engineVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// versionText is what `version` and --version print.
func versionText() string {
	return fmt.Sprintf("runbook %s\n%s, %s/%s\n", engineVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
