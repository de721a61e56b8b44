package schema

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Unit is what a number is of, as the end of its name says.
type Unit string

// The units. A number without one is a count, or a ratio.
const (
	UnitPercent        Unit = "percent"
	UnitBytes          Unit = "bytes"
	UnitBytesPerSecond Unit = "bytes_per_second"
	UnitMilliseconds   Unit = "ms"
	UnitSeconds        Unit = "seconds"
)

// UnitOf returns the unit in a name: of `memory_percent` it is UnitPercent.
func UnitOf(name string) Unit {
	for _, u := range [...]Unit{UnitPercent, UnitBytesPerSecond, UnitBytes, UnitMilliseconds, UnitSeconds} {
		if strings.HasSuffix(name, "_"+string(u)) {
			return u
		}
	}
	return ""
}

// Human returns n of that unit for people: "92.1 %", "1.00 GiB", "84ms", "48,211".
func (u Unit) Human(n float64) string {
	switch u {
	case UnitPercent:
		return HumanPercent(n)
	case UnitBytesPerSecond:
		return HumanRate(n)
	case UnitBytes:
		return HumanBytes(n)
	case UnitMilliseconds:
		return HumanMilliseconds(n)
	case UnitSeconds:
		return HumanDuration(time.Duration(n * float64(time.Second)))
	}
	return HumanNumber(n, nil)
}

// HumanNumber returns a number as a condition compares it: counts grouped, and as
// many decimals as tell it from the number that it is compared with, if there is one.
func HumanNumber(n float64, against *float64) string {
	if text, odd := notFinite(n); odd {
		return text
	}
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return HumanCount(int64(n))
	}
	decimals := 1
	if math.Abs(n) >= 1000 {
		decimals = 0
	}
	for ; decimals < 12; decimals++ {
		shown, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'f', decimals, 64), 64)
		if shown != 0 && (against == nil || (shown < *against) == (n < *against) && (shown > *against) == (n > *against)) {
			break
		}
	}
	if decimals == 0 {
		return HumanCount(int64(math.Round(n)))
	}
	return strconv.FormatFloat(n, 'f', decimals, 64)
}
