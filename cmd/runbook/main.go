package main

import (
	"os"
	"runtime/debug"
)

// version is set by the linker: -X main.version=1.2.3.
var version string

func main() { os.Exit(execute(os.Args[1:])) }

// engineVersion is the version set by the linker, else that of the module or of
// the commit it was built from.
func engineVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "-dirty"
		}
	}
	if revision == "" {
		return "dev"
	}
	return "dev-" + revision + modified
}
