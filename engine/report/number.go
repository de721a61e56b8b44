package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"runbook/engine/schema"
)

// humanUnit formats a number by the unit in the name of its output.
func humanUnit(name, text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	switch {
	case strings.HasSuffix(name, "_percent"):
		return schema.HumanPercent(n)
	case strings.HasSuffix(name, "_bytes_per_second"):
		return schema.HumanRate(n)
	case strings.HasSuffix(name, "_bytes"):
		return schema.HumanBytes(n)
	case strings.HasSuffix(name, "_ms"):
		return schema.HumanDuration(time.Duration(n * float64(time.Millisecond)))
	case strings.HasSuffix(name, "_seconds"):
		return schema.HumanDuration(time.Duration(n * float64(time.Second)))
	}
	return bare(text, "")
}

// fromTo is a value before and after: "92.1 → 90.3 %".
func fromTo(name, before, after string) string {
	if before == "" {
		return humanUnit(name, after)
	}
	first, second := humanUnit(name, before), humanUnit(name, after)
	if strings.HasSuffix(name, "_percent") {
		first = strings.TrimSuffix(first, " %")
	}
	return first + " → " + second
}

var comparison = regexp.MustCompile(`^(\S+) (<|<=|>|>=|==|!=) (\S+)$`)

// compared splits a simple comparison into its sides.
func compared(that string) (left, operator, right string, ok bool) {
	m := comparison.FindStringSubmatch(that)
	if m == nil {
		return "", "", "", false
	}
	return m[1], m[2], m[3], true
}

// lastName is the last member of a chain: "memory_percent".
func lastName(source string) string {
	return source[strings.LastIndexByte(source, '.')+1:]
}

// bare prints a number as a condition compares it: counts grouped, and as
// many decimals as tell it from the other side of that.
func bare(text, that string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return text
	}
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return schema.HumanCount(int64(n))
	}
	decimals := 1
	if math.Abs(n) >= 1000 {
		decimals = 0
	}
	other, known := otherSide(that)
	for ; decimals < 12; decimals++ {
		shown, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'f', decimals, 64), 64)
		if shown != 0 && (!known || (shown < other) == (n < other) && (shown > other) == (n > other)) {
			break
		}
	}
	if decimals == 0 {
		return schema.HumanCount(int64(math.Round(n)))
	}
	return strconv.FormatFloat(n, 'f', decimals, 64)
}

func otherSide(that string) (float64, bool) {
	_, _, right, ok := compared(that)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseFloat(right, 64)
	return n, err == nil
}

// coarse is a duration to the minute where it is longer than one.
func coarse(d time.Duration) string {
	switch {
	case d < time.Minute:
		return schema.HumanDuration(d)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return schema.HumanDuration(d)
}

// short is the end of a run's id, by which commands name it.
func short(run string) string {
	if i := strings.LastIndexByte(run, '-'); i >= 0 {
		return run[i+1:]
	}
	return run
}

// spread sets the facts of a result apart where each is short.
func spread(text string) string {
	parts := strings.Split(text, ", ")
	for _, p := range parts {
		if len(p) > 24 || strings.ContainsAny(p, "{}[]()\"'") {
			return text
		}
	}
	return strings.Join(parts, "   ")
}
