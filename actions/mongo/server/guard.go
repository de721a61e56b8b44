package server

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// isRead reports whether a command changes nothing, by its name and, where that
// does not tell, by what is in it.
func isRead(name string, command bson.Raw) bool {
	switch name {
	case "aggregate":
		return !writesOut(command)
	case "explain":
		return explainsRead(command)
	case "profile":
		level, ok := command.Lookup("profile").AsInt64OK()
		return ok && level == -1
	}
	return slices.Contains(reads, name)
}

// reads are the commands of the manual that change nothing, and those that the
// driver sends for its connections and cursors.
var reads = []string{
	"hello", "isMaster", "ismaster", "ping", "buildInfo", "buildinfo", "saslStart", "saslContinue", "authenticate",
	"getnonce", "logout", "endSessions", "killCursors", "getMore", "connectionStatus", "whatsmyuri",
	"find", "count", "distinct", "listDatabases", "listCollections", "listIndexes", "dbStats", "dbstats", "collStats",
	"collstats", "dataSize", "serverStatus", "hostInfo", "getParameter", "getCmdLineOpts", "getLog", "top", "currentOp",
	"replSetGetStatus", "replSetGetConfig", "usersInfo", "rolesInfo", "listCommands", "connPoolStats", "getDefaultRWConcern",
}

// writesOut reports whether a stage of the pipeline is $out or $merge, or
// whether the pipeline cannot be read.
func writesOut(command bson.Raw) bool {
	pipeline, ok := command.Lookup("pipeline").ArrayOK()
	if !ok {
		return true
	}
	stages, err := pipeline.Values()
	if err != nil {
		return true
	}
	for _, stage := range stages {
		doc, ok := stage.DocumentOK()
		if !ok {
			return true
		}
		elements, err := doc.Elements()
		if err != nil || slices.ContainsFunc(elements, func(e bson.RawElement) bool { return e.Key() == "$out" || e.Key() == "$merge" }) {
			return true
		}
	}
	return false
}

// explainsRead reports whether the explained command is a read: explain runs
// it where its verbosity asks for that.
func explainsRead(command bson.Raw) bool {
	inner, ok := command.Lookup("explain").DocumentOK()
	if !ok {
		return false
	}
	first, err := inner.IndexErr(0)
	return err == nil && first.Key() != "explain" && isRead(first.Key(), inner)
}
