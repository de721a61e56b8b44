package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var byteUnits = [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// HumanBytes returns a number of bytes for people: binary units, three digits
// ("943 MiB", "1.00 GiB", "21 bytes", "-3.20 MiB").
func HumanBytes(n float64) string { return humanBytes(n, 999.5, 999.5, "") }

// HumanRate returns bytes a second for people. It takes the larger unit from a
// tenth of it on, as rates are compared with sizes: 209,715 is "0.20 MiB/s".
func HumanRate(n float64) string { return humanBytes(n, 102.4, 102.3, "/s") }

// humanBytes takes a larger unit than bytes from least on, and a larger one than
// another unit from next on.
func humanBytes(n, least, next float64, per string) string {
	if text, odd := notFinite(n); odd {
		return text
	}
	switch {
	case n < 0:
		return "-" + humanBytes(-n, least, next, per)
	case n < least && math.Round(n) == 1:
		return "1 byte" + per
	case n < least:
		return strconv.FormatFloat(math.Round(n), 'f', 0, 64) + " bytes" + per
	}
	unit := 0
	for n /= 1024; n >= next && unit < len(byteUnits)-1; unit++ {
		n /= 1024
	}
	return threeDigits(n) + " " + byteUnits[unit] + per
}

// HumanDuration returns a duration for people: "84ms", "4.2s", "23s",
// "1m 03s", "2h 05m", "3d 4h".
func HumanDuration(d time.Duration) string {
	if d < 0 {
		return "-" + HumanDuration(-d)
	}
	switch {
	case d < 999500*time.Microsecond:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d < 9950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < 59500*time.Millisecond:
		return fmt.Sprintf("%ds", int(d.Round(time.Second).Seconds()))
	}
	d = d.Round(time.Second)
	switch minutes := int(d.Minutes()); {
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", minutes, int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %02dm", minutes/60, minutes%60)
	default:
		return fmt.Sprintf("%dd %dh", minutes/(24*60), minutes/60%24)
	}
}

// Milliseconds is a duration as outputs have it, under a name that ends in _ms.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// HumanMilliseconds is HumanDuration of what Milliseconds gave.
func HumanMilliseconds(ms float64) string {
	return HumanDuration(time.Duration(ms * float64(time.Millisecond)))
}

// HumanQuantity returns a count with its noun: "1 key", "4,211 keys".
func HumanQuantity(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return HumanCount(int64(n)) + " " + many
}

// HumanCount returns a count with its digits in groups of three: "48,211".
func HumanCount(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// HumanPercent returns a percentage with one decimal: "92.1 %".
func HumanPercent(p float64) string {
	if text, odd := notFinite(p); odd {
		return text
	}
	text := strconv.FormatFloat(p, 'f', 1, 64)
	if text == "-0.0" {
		text = "0.0"
	}
	return text + " %"
}

func notFinite(n float64) (string, bool) {
	return "unknown", math.IsNaN(n) || math.IsInf(n, 0)
}

func threeDigits(n float64) string {
	decimals := 0
	switch {
	case n < 9.995:
		decimals = 2
	case n < 99.95:
		decimals = 1
	}
	return strconv.FormatFloat(n, 'f', decimals, 64)
}
