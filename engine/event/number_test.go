package event

import (
	"encoding/json"
	"math"
	"testing"
)

func TestNumberOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		want  string // as JSON
	}{
		{"observed.memory_percent", 92.1, `{"value":92.1,"unit":"percent"}`},
		{"outputs.latency_ms", 612, `{"value":612,"unit":"ms"}`},
		{"slope_bytes_per_second", 0, `{"value":0,"unit":"bytes_per_second"}`},
		{"free_bytes", 1 << 30, `{"value":1073741824,"unit":"bytes"}`},
		{"outputs.age_seconds", 4.5, `{"value":4.5,"unit":"seconds"}`},
		{"outputs.status", 503, `{"value":503}`},
		{"outputs.memory_percent", "92.1", "null"},
		{"outputs.memory_percent", math.NaN(), "null"},
		{"outputs.memory_percent", math.Inf(1), "null"},
		{"outputs.ready", true, "null"},
		{"outputs.id", 1 << 53, `{"value":9007199254740992}`},
		{"outputs.id", 1<<53 + 1, "null"}, // it would be shown as another
		{"outputs.id", math.MinInt, "null"},
	} {
		raw, err := json.Marshal(NumberOf(c.name, c.value))
		if err != nil || string(raw) != c.want {
			t.Errorf("%v of %s: %s, %v; want %s", c.value, c.name, raw, err, c.want)
		}
	}
}

func TestNumberIsShownByItsUnitOrBare(t *testing.T) {
	n := NumberOf("memory_percent", 69.98)
	against := 70.0
	if n.Against = &against; n.Human() != "70.0 %" || n.Bare() != "69.98" {
		t.Errorf("%s, %s", n.Human(), n.Bare())
	}
	limit := float64(2 << 30)
	if n = NumberOf("memory_limit_bytes", 2<<30); n.Against != nil {
		t.Error("compared with something")
	}
	if n.Against = &limit; n.Bare() != "2.00 GiB" || n.Compared() != "2.00 GiB" {
		t.Errorf("a limit that is met: %s, %s", n.Bare(), n.Compared())
	}
	if limit++; n.Bare() != "2,147,483,648" {
		t.Errorf("a limit that is nearly met: %s", n.Bare())
	}
}
