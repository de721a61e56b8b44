//go:build unix

package actions_test

// staged are the examples of changes that the lab needs other values for, and what
// must be there before. The keys replace those of the example; CASE is another number
// in each run.
var staged = map[string]struct {
	before []step
	keys   step
	inject string // a fault of the lab's service
}{
	"alertmanager.expire_silence": {
		before: []step{{"id": " made", "action": " alertmanager.create_silence", "with": " {matchers: {alertname: A}, for: 1h, comment: x}"}},
		keys:   step{"with": `{id: "${{ steps.made.outputs.id }}"}`},
	},
	"docker.run":      {keys: step{"with": "{image: 'redis:7.2', argv: [echo, CASE], keep: true}", "verify": ""}},
	"docker.recreate": {before: started, keys: step{"with": "{container: app, image: 'mltb/app:1.4.2', steady_for: 1s}"}},
	"docker.commit":   {keys: step{"with": "{container: app, image: 'evidence/app:CASE'}"}},
	"docker.connect_network": {
		before: []step{{"action": " docker.disconnect_network", "with": " {container: app, network: mltb_default}"}},
	},
	"docker.disconnect_network": {
		before: []step{{"action": " docker.connect_network", "with": " {container: app, network: mltb_default}"}},
	},
	"docker.kill": {before: started},
	"docker.prune": {
		before: []step{{"action": " docker.run", "with": " {image: 'redis:7.2', argv: [echo], name: ended-CASE, keep: true}"}},
		keys:   step{"with": "{what: containers, older_than: 0s}"},
	},
	"docker.pull": {keys: step{"with": "{image: 'redis:7.2'}"}},
	"docker.remove": {
		before: []step{{"action": " docker.run", "with": " {image: 'redis:7.2', argv: [echo], name: ended-CASE, keep: true}"}},
		keys:   step{"with": "{container: ended-CASE}"},
	},
	"docker.remove_image": {
		before: []step{{"action": " docker.tag", "with": " {image: 'redis:7.2', name: 'old/redis:CASE'}"}},
		keys:   step{"with": "{image: 'old/redis:CASE'}"},
	},
	"docker.rename":        {keys: step{"with": "{container: app, name: app-CASE}", "undo": ""}},
	"docker.tag":           {keys: step{"with": "{image: 'redis:7.2', name: 'kept/redis:CASE'}"}},
	"docker.stop":          {before: started},
	"docker.restart":       {before: started},
	"docker.pause":         {before: []step{{"action": " docker.unpause", "with": " {container: app}"}}},
	"docker.start":         {before: []step{{"action": " docker.stop", "with": " {container: app}"}}},
	"docker.unpause":       {before: []step{{"action": " docker.pause", "with": " {container: app}"}}},
	"docker.update_limits": {keys: step{"with": "{container: app, memory: 2GiB, cpus: 1.CASE}"}},
	"http.request":         {keys: step{"with": "{method: POST, path: /api/cache/clear}"}},
	"mongo.delete": {
		before: []step{{"id": " some", "action": " mongo.find", "with": " {collection: tasks, limit: 1}"}},
		keys:   step{"with": `{collection: tasks, filter: {gid: "${{ steps.some.outputs.documents[0]?.gid }}"}, limit: 1}`},
	},
	"mongo.update":         {keys: step{"with": "{collection: tasks, filter: {status: completed}, update: {$set: {priority: CASE}}, max: 100000}"}},
	"mongo.ensure_indexes": {keys: step{"with": "{collection: tasks, indexes: [{keys: [priority, fieldCASE]}]}"}},
	"mongo.kill_op": {
		before: []step{{"id": " slow", "action": " mongo.current_ops", "with": " {running_longer_than: 0s}"}},
		keys:   step{"for_each": "", "with": `{opid: "${{ steps.slow.outputs.operations[0].opid }}"}`, "observe": "", "verify": "", "within": ""},
		inject: "slow-queries",
	},
	"redis.delete_keys": {
		before: []step{{"action": " redis.set", "with": ` {key: "outcome:CASE", value: x}`}},
		keys:   step{"with": `{pattern: "outcome:CASE", limit: 10}`},
	},
	"redis.expire_keys": {keys: step{"with": `{pattern: "cache:page:*", ttl: CASEm, only_forever: false, limit: 100000}`}},
	"redis.failover":    {before: []step{{"action": " redis.replicate", "with": " {master: none}"}}},
	"redis.replicate":   {keys: step{"with": `{master: "172.18.0.CASE:6379"}`, "approve": "{message: Follow?}"}},
	"redis.set":         {keys: step{"with": "{key: outcome, value: 'CASE'}"}},
	"redis.config_set":  {keys: step{"with": "{parameter: slowlog-max-len, value: '1CASE'}", "verify": ""}},
}

var started = []step{{"action": " docker.start", "with": " {container: app}"}}
