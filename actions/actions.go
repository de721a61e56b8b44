// Package actions is the list of all actions that runbook has.
package actions

import (
	"slices"

	"runbook/actions/alertmanager"
	"runbook/actions/archive"
	"runbook/actions/docker"
	"runbook/actions/docker/audit"
	"runbook/actions/docker/daemon"
	"runbook/actions/docker/image"
	"runbook/actions/docker/network"
	"runbook/actions/file"
	"runbook/actions/flow"
	"runbook/actions/host"
	"runbook/actions/http"
	"runbook/actions/mongo"
	"runbook/actions/postgres"
	"runbook/actions/prometheus"
	"runbook/actions/redis"
	"runbook/actions/redis/sentinel"
	"runbook/actions/shell"
	"runbook/engine/action"
)

// All returns every action. A new one is added here and nowhere else.
func All() []*action.Action {
	return slices.Concat(ofDocker(), ofDatabases(), []*action.Action{
		archive.Verify,
		archive.Create,
		archive.List,
		archive.Prune,

		alertmanager.ListAlerts,
		alertmanager.CreateSilence,
		alertmanager.ExpireSilence,

		file.Stat,
		file.Find,
		file.Read,
		file.Tail,
		file.Checksum,
		file.Write,
		file.Template,
		file.Copy,
		file.Move,
		file.MakeDir,
		file.SetMode,
		file.Remove,

		flow.Wait,
		flow.Assert,
		flow.Log,
		flow.Set,
		flow.Fail,

		host.Memory,
		host.CPU,
		host.Disk,
		host.Port,

		http.Request,
		http.Sample,

		prometheus.Query,
		prometheus.QueryRange,
		prometheus.ListAlerts,
		prometheus.ListTargets,

		shell.Run,
	})
}

func ofDocker() []*action.Action {
	return []*action.Action{
		docker.List,
		docker.Inspect,
		docker.ListProcesses,
		docker.ListChanges,
		docker.Stats,
		docker.SampleStats,
		docker.Logs,
		docker.Restart,
		docker.Stop,
		docker.Start,
		docker.Pause,
		docker.Unpause,
		docker.Exec,
		docker.UpdateLimits,
		docker.WaitHealthy,
		docker.Rename,
		docker.Kill,
		docker.CopyTo,
		docker.CopyFrom,
		docker.Commit,
		docker.SaveLogs,
		docker.Remove,
		docker.Run,
		docker.RollingRestart,
		docker.Recreate,

		image.List,
		image.Inspect,
		image.Tag,
		image.Pull,
		image.Save,
		image.Remove,

		network.List,
		network.Inspect,
		network.Connect,
		network.Disconnect,

		daemon.Version,
		daemon.DiskUsage,
		daemon.ListVolumes,
		daemon.ListEvents,
		daemon.Prune,

		audit.Audit,
	}
}

func ofDatabases() []*action.Action {
	return []*action.Action{
		mongo.Ping,
		mongo.ServerInfo,
		mongo.Find,
		mongo.Count,
		mongo.Update,
		mongo.Delete,
		mongo.ListIndexes,
		mongo.CheckIndexes,
		mongo.EnsureIndexes,
		mongo.Explain,
		mongo.CurrentOps,
		mongo.KillOp,
		mongo.Profile,
		mongo.Dump,

		postgres.Ping,
		postgres.Query,
		postgres.Activity,
		postgres.Replication,
		postgres.Execute,
		postgres.TerminateBackend,
		postgres.Dump,

		redis.Ping,
		redis.Info,
		redis.Clients,
		redis.Slowlog,
		redis.QueueLength,
		redis.KeysCount,
		redis.HitRate,
		redis.Memory,
		redis.BigKeys,
		redis.Latency,
		redis.Replication,
		redis.Cluster,
		redis.Get,
		redis.Scan,
		redis.Command,
		redis.Set,
		redis.ExpireKeys,
		redis.DeleteKeys,
		redis.Flush,
		redis.ConfigRewrite,
		redis.ResetSlowlog,
		redis.KillClients,
		redis.Replicate,
		redis.Failover,
		redis.ConfigGet,
		redis.ConfigSet,
		redis.Save,

		sentinel.ListMasters,
		sentinel.CheckQuorum,
		sentinel.Failover,
	}
}
