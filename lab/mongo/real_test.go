package mongo

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
)

// TestPyMongoReal uses the server by the driver for Python of Debian's
// python3-pymongo.
func TestPyMongoReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	c := clock.Flow(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 50)
	defer c.Close()
	g := gate.New("mongo", c, &gate.Log{})
	defer g.Close()
	s, err := Serve(model.New(1, c.Now), g, "127.0.0.1:0", map[string]string{model.Project: "geheim"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	uri := "mongodb://mltb:geheim@" + s.Addr() + "/?authSource=mltb"
	if out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/client.py", uri).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
