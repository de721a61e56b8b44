package docker

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/model"
)

// least is the least memory that the engine lets a container have.
const least = 6 * model.MiB

// checkResources refuses what no container may have.
func checkResources(o container.Resources) error {
	bad := func(message string) error { return failure{http.StatusBadRequest, message} }
	switch {
	case o.Memory != 0 && o.Memory < least:
		return bad("Minimum memory limit allowed is 6MB")
	case o.Memory > 0 && o.MemorySwap > 0 && o.MemorySwap < o.Memory:
		return bad("Minimum memoryswap limit should be larger than memory limit, see usage")
	case o.NanoCPUs > 0 && o.CPUPeriod > 0:
		return bad("Conflicting options: Nano CPUs and CPU Period cannot both be set")
	case o.NanoCPUs > 0 && o.CPUQuota > 0:
		return bad("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
	case o.NanoCPUs < 0 || o.NanoCPUs > model.HostProcessors*1e9 || o.NanoCPUs > 0 && o.NanoCPUs < 1e7:
		n := strconv.Itoa(model.HostProcessors)
		return bad("Range of CPUs is from 0.01 to " + n + ".00, as there are only " + n + " CPUs available")
	case o.CPUPeriod != 0 && (o.CPUPeriod < 1000 || o.CPUPeriod > 1000000):
		return bad("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
	case o.CPUQuota > 0 && o.CPUQuota < 1000:
		return bad("CPU cfs quota can not be less than 1ms (i.e. 1000)")
	}
	return nil
}

func checkPolicy(name string) error {
	if !slices.Contains([]string{"", "no", "always", "unless-stopped", "on-failure"}, name) {
		return failure{http.StatusBadRequest, "invalid restart policy '" + name + "'"}
	}
	return nil
}

// update changes the limits of a container while it runs.
func (s *Server) update(w http.ResponseWriter, r *http.Request) error {
	var body container.UpdateConfig
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := checkResources(body.Resources); err != nil {
		return err
	}
	if err := checkPolicy(string(body.RestartPolicy.Name)); err != nil {
		return err
	}
	return s.does(updateTime, of(func(world *model.World, c *model.Container, _ *http.Request) (any, error) {
		return map[string]any{"Warnings": nil}, apply(world, c, body)
	}))(w, r)
}

// apply refuses as the engine what does not fit to the limits that c has.
func apply(w *model.World, c *model.Container, body container.UpdateConfig) error {
	o := body.Resources
	conflict := func(message string) error {
		return failure{http.StatusConflict, "Cannot update container " + c.ID + ": " + message}
	}
	byQuota := c.Quota != nil
	nano := c.CPULimit > 0 && !byQuota
	switch {
	case o.NanoCPUs > 0 && byQuota:
		return conflict("Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set")
	case o.CPUPeriod != 0 && nano:
		return conflict("Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set")
	case o.CPUQuota != 0 && nano:
		return conflict("Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set")
	case o.Memory != 0 && o.Memory > c.SwapLimit && o.MemorySwap == 0:
		return conflict("Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time")
	case o.Memory == 0 && o.MemorySwap > 0 && o.MemorySwap < c.MemoryLimit:
		return failure{http.StatusInternalServerError, "Cannot update container " + c.ID + ": memory+swap limit should be >= memory limit: unknown"}
	}
	if o.Memory != 0 {
		c.MemoryLimit = o.Memory
	}
	if o.MemorySwap != 0 {
		c.SwapLimit = o.MemorySwap
	}
	if o.NanoCPUs > 0 {
		c.CPULimit = float64(o.NanoCPUs) / 1e9
	}
	if o.CPUPeriod != 0 || o.CPUQuota != 0 {
		limitByQuota(c, o.CPUPeriod, o.CPUQuota)
	}
	if body.RestartPolicy.Name != "" {
		c.Restart = string(body.RestartPolicy.Name)
	}
	w.Note(c, "update")
	return nil
}

// limitByQuota limits the processors of c by a quota of each period, both in
// microseconds; what is 0 stays as it is.
func limitByQuota(c *model.Container, period, quota int64) {
	was := cmp.Or(c.Quota, &model.Quota{})
	c.Quota = &model.Quota{Period: cmp.Or(period, was.Period), Quota: cmp.Or(quota, was.Quota)}
	c.CPULimit = float64(max(0, c.Quota.Quota)) / float64(cmp.Or(c.Quota.Period, 100_000))
}
