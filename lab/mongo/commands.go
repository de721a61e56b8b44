package mongo

import "go.mongodb.org/mongo-driver/v2/bson"

// command is one that a client may send.
type command struct {
	do      func(*call) (bson.D, error)
	changes func(*call) bool // whether it changes what a client can see; nil: never
	open    bool             // it needs no login
	quiet   bool             // it greets only and is not counted
	admin   bool             // of the database admin alone
}

func always(*call) bool { return true }

// commands are those that the server knows, by name.
func commands() map[string]command {
	all := map[string]command{
		"find": {do: (*call).find}, "getMore": {do: (*call).getMore}, "killCursors": {do: (*call).killCursors}, "count": {do: (*call).count},
		"distinct": {do: (*call).distinct}, "explain": {do: (*call).explain}, "aggregate": {do: (*call).aggregate},
		"insert": {do: (*call).insert, changes: always}, "update": {do: (*call).update, changes: always}, "delete": {do: (*call).delete, changes: always},
		"create": {do: (*call).create, changes: always}, "drop": {do: (*call).drop, changes: always}, "dropDatabase": {do: (*call).dropDatabase, changes: always},
		"renameCollection": {do: (*call).renameCollection, changes: always, admin: true},
		"createIndexes":    {do: (*call).createIndexes, changes: always}, "dropIndexes": {do: (*call).dropIndexes, changes: always},
		"listDatabases": {do: (*call).listDatabases, admin: true}, "listCollections": {do: (*call).listCollections}, "listIndexes": {do: (*call).listIndexes},
	}
	for name, c := range greetings() {
		all[name] = c
	}
	for name, c := range administration() {
		all[name] = c
	}
	return all
}

// greetings are what drivers send for their connections and sessions.
func greetings() map[string]command {
	quiet := func(do func(*call) (bson.D, error), open bool) command {
		return command{do: do, open: open, quiet: true}
	}
	return map[string]command{
		"hello": quiet((*call).hello, true), "isMaster": quiet((*call).hello, true), "ismaster": quiet((*call).hello, true),
		"saslStart": quiet((*call).saslStart, true), "saslContinue": quiet((*call).saslContinue, true),
		"endSessions":      quiet((*call).nothing, true),
		"abortTransaction": quiet((*call).nothing, false),
	}
}

// administration are the commands of those who operate the server.
func administration() map[string]command {
	return map[string]command{
		"ping": {do: (*call).ping, open: true}, "buildInfo": {do: (*call).buildInfo, open: true}, "buildinfo": {do: (*call).buildInfo, open: true},
		"serverStatus": {do: (*call).serverStatus},
		"getParameter": {do: (*call).getParameter, admin: true}, "setParameter": {do: (*call).setParameter, changes: always, admin: true},
		"dbStats": {do: (*call).dbStats}, "dbstats": {do: (*call).dbStats}, "collStats": {do: (*call).collStats}, "collstats": {do: (*call).collStats},
		"replSetGetStatus": {do: (*call).replSetGetStatus, admin: true},
		"currentOp":        {do: (*call).currentOp, admin: true}, "killOp": {do: (*call).killOp, changes: always, admin: true},
		"profile":    {do: (*call).setProfile, changes: func(c *call) bool { return number(c.body, "profile", -1) >= 0 }},
		"usersInfo":  {do: (*call).usersInfo},
		"createUser": {do: (*call).createUser, changes: always}, "dropUser": {do: (*call).dropUser, changes: always},
	}
}
