package schema

import (
	"math"
	"testing"
	"time"
)

func TestHumanBytes(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0 bytes", 1: "1 byte", 21: "21 bytes", 999: "999 bytes", 1000: "0.98 KiB", 1023: "1.00 KiB", 1536: "1.50 KiB",
		943 << 20: "943 MiB", 1 << 30: "1.00 GiB", 1023 << 20: "1.00 GiB", 41 << 20: "41.0 MiB", 98509: "96.2 KiB",
		-(3 << 20): "-3.00 MiB", math.MaxInt64: "8.00 EiB", math.NaN(): "unknown", math.Inf(1): "unknown",
	} {
		if got := HumanBytes(n); got != want {
			t.Errorf("HumanBytes(%v) = %q, want %q", n, got, want)
		}
	}
}

func TestHumanRate(t *testing.T) {
	for n, want := range map[float64]string{
		209715: "0.20 MiB/s", 0: "0 bytes/s", 50: "50 bytes/s", 4 << 20: "4.00 MiB/s", -412: "-0.40 KiB/s", 20 << 10: "20.0 KiB/s",
	} {
		if got := HumanRate(n); got != want {
			t.Errorf("HumanRate(%v) = %q, want %q", n, got, want)
		}
	}
}

func TestHumanDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 84 * time.Millisecond: "84ms", 999600 * time.Microsecond: "1.0s", 4200 * time.Millisecond: "4.2s",
		9949 * time.Millisecond: "9.9s", 9990 * time.Millisecond: "10s", 23 * time.Second: "23s",
		59700 * time.Millisecond: "1m 00s", 63 * time.Second: "1m 03s", time.Hour - time.Millisecond: "1h 00m",
		125 * time.Minute: "2h 05m", 76 * time.Hour: "3d 4h", -2 * time.Second: "-2.0s",
	} {
		if got := HumanDuration(d); got != want {
			t.Errorf("HumanDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestHumanCountAndPercent(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 48211: "48,211", -1234567: "-1,234,567", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := HumanCount(n); got != want {
			t.Errorf("HumanCount(%d) = %q, want %q", n, got, want)
		}
	}
	for p, want := range map[float64]string{92.1: "92.1 %", 70: "70.0 %", -0.01: "0.0 %", math.NaN(): "unknown"} {
		if got := HumanPercent(p); got != want {
			t.Errorf("HumanPercent(%v) = %q, want %q", p, got, want)
		}
	}
}

func TestHumanQuantity(t *testing.T) {
	for n, want := range map[int]string{0: "0 keys", 1: "1 key", 4211: "4,211 keys"} {
		if got := HumanQuantity(n, "key", "keys"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if ms := Milliseconds(1500 * time.Microsecond); ms != 1.5 || HumanMilliseconds(4200) != "4.2s" {
		t.Errorf("%v, %q", ms, HumanMilliseconds(4200))
	}
}

func TestHumanNumber(t *testing.T) {
	for _, c := range []struct {
		n, against float64
		want       string
	}{
		{69.98, 70, "69.98"}, {209715.2, 0, "209,715"}, {92.1, 70, "92.1"}, {-412, 0, "-412"}, {1904, 500, "1,904"},
		{0.0004, 1, "0.0004"}, {1000.4, 1000, "1000.4"}, {math.NaN(), 1, "unknown"},
	} {
		if got := HumanNumber(c.n, &c.against); got != c.want {
			t.Errorf("HumanNumber(%v, %v) = %q, want %q", c.n, c.against, got, c.want)
		}
	}
	if got := HumanNumber(69.98, nil); got != "70.0" {
		t.Errorf("of itself it is %q", got)
	}
}

func TestUnitOfAName(t *testing.T) {
	for name, want := range map[string]string{
		"memory_percent": "92.1 %", "slope_bytes_per_second": "92 bytes/s", "free_bytes": "92 bytes", "latency_ms": "92ms",
		"age_seconds": "1m 32s", "count": "92.1", "percent": "92.1", "bytes_": "92.1",
	} {
		if got := UnitOf(name).Human(92.1); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
