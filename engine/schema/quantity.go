package schema

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unit is a suffix and what one of it is worth, in nanoseconds or bytes.
type unit struct {
	name  string
	worth int64
}

// durationUnits are from the largest on; of two that are worth the same the first
// is written.
var durationUnits = []unit{
	{"d", 24 * int64(time.Hour)}, {"h", int64(time.Hour)}, {"m", int64(time.Minute)}, {"s", int64(time.Second)},
	{"ms", int64(time.Millisecond)}, {"us", int64(time.Microsecond)}, {"µs", int64(time.Microsecond)},
	{"μs", int64(time.Microsecond)}, {"ns", 1},
}

// binaryUnits are the units in which sizes are written, from the largest on, and
// decimalUnits those that are read too.
var (
	binaryUnits  = []unit{{"PiB", 1 << 50}, {"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}
	decimalUnits = []unit{{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"PB", 1e15}}
	sizeUnits    = slices.Concat(binaryUnits, decimalUnits)
)

// ParseDuration reads a duration: numbers with the units ns, us, ms, s, m, h
// and d (24 hours), as 1h30m. It is exact; a part below a nanosecond is an
// error.
func ParseDuration(text string) (time.Duration, error) {
	n, err := parseQuantity(text, "duration", "60s, 5m, 1h30m", durationUnits, true)
	return time.Duration(n), err
}

// ParseSize reads a size in bytes: one number with a unit, binary (KiB, MiB,
// GiB, TiB, PiB), decimal (kB, MB, GB, TB, PB) or B. It is exact; a part of a
// byte is an error.
func ParseSize(text string) (Size, error) {
	n, err := parseQuantity(text, "size", "512MiB, 2GiB", sizeUnits, false)
	return Size(n), err
}

func parseQuantity(text, kind, like string, units []unit, several bool) (int64, error) {
	wrong := func(why string) error {
		return fmt.Errorf("%s is no %s, %s", quote(text), kind, why)
	}
	rest := strings.TrimSpace(text)
	negative := strings.HasPrefix(rest, "-")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "-"), "+")
	total := new(big.Rat)
	for first := true; first || rest != ""; first = false {
		number := leading(rest, "0123456789.")
		if number == "" {
			return 0, wrong("write it as " + like)
		}
		rest = strings.TrimPrefix(rest[len(number):], " ")
		name := rest
		if several {
			name = rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzµμABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
		}
		if name == "" {
			return 0, wrong("it has no unit")
		}
		at := slices.IndexFunc(units, func(u unit) bool { return u.name == name })
		amount, ok := new(big.Rat).SetString(number)
		if at < 0 || !ok {
			return 0, wrong("write it as " + like)
		}
		total.Add(total, amount.Mul(amount, new(big.Rat).SetInt64(units[at].worth)))
		rest = rest[len(name):]
	}
	if negative {
		total.Neg(total)
	}
	if !total.IsInt() {
		return 0, wrong("it is finer than its smallest unit")
	}
	if !total.Num().IsInt64() {
		return 0, wrong("it is too large")
	}
	return total.Num().Int64(), nil
}

func leading(s, chars string) string {
	return s[:len(s)-len(strings.TrimLeft(s, chars))]
}

// FormatDuration writes d so that ParseDuration gives d again: 30m, 1h30m, 250ms.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b []byte
	left := uint64(d)
	if d < 0 {
		b, left = append(b, '-'), -left
	}
	for _, u := range durationUnits[1:] { // days are written as hours
		if n := left / uint64(u.worth); n > 0 {
			b = append(strconv.AppendUint(b, n, 10), u.name...)
			left -= n * uint64(u.worth)
		}
	}
	return string(b)
}

// FormatSize writes s so that ParseSize gives s again: 2GiB, 1536MiB, 1000B.
func FormatSize(s Size) string {
	for _, u := range binaryUnits {
		if s != 0 && int64(s)%u.worth == 0 {
			return strconv.FormatInt(int64(s)/u.worth, 10) + u.name
		}
	}
	return "0B"
}

// ParseTime reads a time: RFC 3339, or a date, which is its midnight in UTC.
func ParseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err == nil {
		return t, nil
	}
	var detail *time.ParseError
	if errors.As(err, &detail) && strings.HasSuffix(detail.Message, "out of range") {
		return t, fmt.Errorf("%s is no time%s", quote(text), detail.Message)
	}
	return t, fmt.Errorf("%s is no time, write it as 2026-11-24T03:12:07Z or 2026-11-24", quote(text))
}

// quote shows a text in a message: quoted, and cut when it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(text)
}
