package daemon

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
)

type versionOutputs struct {
	Version       string `yaml:"version" doc:"Of the engine, as 20.10.24."`
	APIVersion    string `yaml:"api_version" doc:"The newest version of the API that it speaks."`
	MinAPIVersion string `yaml:"min_api_version" doc:"The oldest one; empty where it does not say."`
	OS            string `yaml:"os" doc:"As linux."`
	Architecture  string `yaml:"architecture" doc:"As amd64."`
	hostFacts
	countedFacts
	swarmFacts
	InsecureRegistries []string `yaml:"insecure_registries" doc:"Registries that it trusts without TLS, but for those of its own host."`
	Warnings           []string `yaml:"warnings" doc:"Of the engine about itself."`
}

type hostFacts struct {
	Kernel          string `yaml:"kernel" doc:"Of its host; empty where it does not say."`
	OperatingSystem string `yaml:"operating_system" doc:"Of its host, as Debian GNU/Linux 12 (bookworm)."`
	StorageDriver   string `yaml:"storage_driver" doc:"As overlay2."`
	CgroupVersion   string `yaml:"cgroup_version" doc:"1 or 2; empty where it does not say."`
	RootDir         string `yaml:"root_dir" doc:"Where it keeps images and containers on its host."`
	ProcessorCount  int    `yaml:"processor_count" doc:"Of its host."`
	MemoryBytes     int64  `yaml:"memory_bytes" doc:"Of its host."`
}

type countedFacts struct {
	RunningCount   int `yaml:"running_count" doc:"Containers that run."`
	ContainerCount int `yaml:"container_count" doc:"Containers, running or not."`
	ImageCount     int `yaml:"image_count" doc:"Images."`
}

type swarmFacts struct {
	SwarmState   string `yaml:"swarm_state" doc:"inactive, or active on a node of a swarm."`
	SwarmManager bool   `yaml:"swarm_manager" doc:"It is a manager of its swarm, which is asked about services."`
}

func (o versionOutputs) Summary() string {
	return "Docker " + o.Version + ", API " + o.APIVersion + ", " + o.OperatingSystem
}

// Version asks the engine what it is.
var Version = action.New(action.Spec[action.None, versionOutputs]{
	Name:    "docker.version",
	Summary: "Reads the version of an engine, and of the host that it runs on.",
	Example: "action: docker.version\nverify: ['outputs.version >= \"20\"']",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     version,
})

func version(ctx context.Context, call action.Call, _ action.None) (versionOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return versionOutputs{}, err
	}
	v, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ServerVersionResult, error) {
		return e.API.ServerVersion(ctx, client.ServerVersionOptions{})
	})
	if err != nil {
		return versionOutputs{}, err
	}
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.SystemInfoResult, error) {
		return e.API.Info(ctx, client.InfoOptions{})
	})
	if err != nil {
		return versionOutputs{}, err
	}
	i := r.Info
	o := versionOutputs{
		Version: v.Version, APIVersion: v.APIVersion, MinAPIVersion: v.MinAPIVersion, OS: v.Os, Architecture: v.Arch,
		hostFacts: hostFacts{
			Kernel: i.KernelVersion, OperatingSystem: i.OperatingSystem, StorageDriver: i.Driver, CgroupVersion: i.CgroupVersion, RootDir: i.DockerRootDir,
			ProcessorCount: i.NCPU, MemoryBytes: i.MemTotal,
		},
		countedFacts:       countedFacts{i.ContainersRunning, i.Containers, i.Images},
		swarmFacts:         swarmFacts{string(i.Swarm.LocalNodeState), i.Swarm.ControlAvailable},
		InsecureRegistries: []string{}, Warnings: append([]string{}, i.Warnings...),
	}
	if i.RegistryConfig != nil {
		for name, c := range i.RegistryConfig.IndexConfigs {
			if !c.Secure {
				o.InsecureRegistries = append(o.InsecureRegistries, name)
			}
		}
	}
	return o, nil
}
