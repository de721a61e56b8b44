package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/container"
)

// history is how long a lab has run when it starts.
const history = 5 * time.Minute

// Options say which lab is started.
type Options struct {
	Dir    string // where other processes look for its files
	Faults []lab.Fault
	Speed  float64 // how many times faster than the wall's clock time passes
	Seed   uint64
	Rules  []byte // alerts, as a file of rules of Prometheus
	Fixed  bool   // at the ports of the service
	Real   bool   // the app in a real container
}

// Up is a lab that this process keeps for others.
type Up struct {
	lab    *lab.Lab
	app    *container.App // nil without a real container
	told   []string
	alerts chan string
	ends   []func() error
}

// Start starts a lab and makes it known. Where one runs already, that is the
// error. It is to be closed.
func Start(ctx context.Context, o Options) (*Up, error) {
	other, err := find(o.Dir)
	if err != nil {
		return nil, err
	}
	if other != nil {
		return nil, &Error{Busy, &action.Failure{
			What: fmt.Sprintf("a lab runs already, as process %d", other.PID), Do: []string{"use it: runbook lab state", "or end it with Ctrl-C where it was started"},
		}}
	}
	u := &Up{alerts: make(chan string, 64)}
	if err := u.start(ctx, o); err != nil {
		return nil, errors.Join(err, u.Close())
	}
	return u, nil
}

func (u *Up) start(ctx context.Context, o Options) (err error) {
	epoch := time.Now()
	u.lab, err = lab.Start(lab.Options{Seed: o.Seed, Clock: clock.Flow(epoch.Add(-history), o.Speed), Rules: o.Rules, Fixed: o.Fixed, History: history})
	if err != nil {
		return notStarted(err, o.Fixed)
	}
	u.ends = append(u.ends, func() error { u.lab.Close(); return nil })
	if o.Real {
		if u.app, err = container.Start(ctx); err != nil {
			return err
		}
		u.ends = append(u.ends, u.app.Remove)
	}
	server, err := serve(u.lab, u.app)
	if err != nil {
		return err
	}
	u.ends = append(u.ends, server.close)
	u.lab.OnAlert(u.note)
	for _, f := range o.Faults {
		told, err := server.inject(ctx, f)
		if err != nil {
			return wrong(err.Error(), "runbook lab faults "+f.Name)
		}
		u.told = append(u.told, told)
	}
	return u.publish(&Session{PID: os.Getpid(), Control: server.socket(), Epoch: epoch, Speed: o.Speed, File: filepath.Join(o.Dir, "runbook.yaml")}, o.Dir)
}

func notStarted(err error, fixed bool) error {
	do := []string{"runbook lab up"}
	if fixed {
		do = []string{"end what listens at that port", "or leave out --ports: runbook lab up"}
	}
	return &action.Failure{What: "the lab did not start: " + err.Error(), Do: do, Err: err}
}

// publish writes the files by which other processes find the lab.
func (u *Up) publish(s *Session, dir string) error {
	if err := writePrivate(s.File, []byte(u.configuration())); err != nil {
		return err
	}
	u.ends = append(u.ends, func() error { return os.Remove(s.File) })
	if err := s.write(sessionFile(dir)); err != nil {
		return err
	}
	u.ends = append(u.ends, func() error { return os.Remove(sessionFile(dir)) })
	return nil
}

// configuration is the runbook.yaml of the lab, with the real container where
// there is one.
func (u *Up) configuration() string {
	if u.app == nil {
		return u.lab.Configuration()
	}
	return u.lab.ConfigurationWith(u.app.Project(), u.app.Addresses())
}

// Close ends the lab and takes back what made it known.
func (u *Up) Close() error {
	var errs []error
	for _, end := range slices.Backward(u.ends) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// note is called from within the lab: it only notes.
func (u *Up) note(name string, firing bool, at time.Time) {
	word := "is resolved"
	if firing {
		word = "fires"
	}
	select {
	case u.alerts <- fmt.Sprintf("%s  alert %s %s", at.Format("15:04:05"), name, word):
	default: // nobody reads so many
	}
}

// Alerts tell, a line each, when alerts fire and are resolved.
func (u *Up) Alerts() <-chan string { return u.alerts }

// Told is what the lab said of the faults that it began with.
func (u *Up) Told() []string { return u.told }

// Faults are the names of the faults of the lab now.
func (u *Up) Faults() []string { return u.lab.State().Faults }

// Target is where a target of the lab listens.
type Target struct{ Name, Address, Note string }

// Targets are all targets of the lab.
func (u *Up) Targets() []Target {
	var all []Target
	for _, name := range lab.Targets() {
		t := Target{Name: name, Address: u.lab.Address(name)}
		if u.app != nil {
			if at, ok := u.app.Addresses()[name]; ok {
				t.Address, t.Note = at, "real: container "+u.app.Name()
			}
		}
		all = append(all, t)
	}
	return all
}

// Status is the service in a line.
func (u *Up) Status(ctx context.Context) string {
	s := u.lab.State()
	memory := schema.HumanPercent(s.App.MemoryPercent)
	if u.app != nil {
		memory = u.app.Memory(ctx)
	}
	return fmt.Sprintf("%s  memory %s  GET %s  answered %s  alerts %s  faults %s",
		u.lab.Clock().Now().Format("15:04:05"), memory, schema.HumanDuration(time.Duration(s.HTTP.LatencyMS*float64(time.Millisecond))),
		schema.HumanPercent(100*s.HTTP.Availability), orNone(s.Alerts), orNone(s.Faults))
}
