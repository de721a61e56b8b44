package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes, written like 4MiB, 512KiB, 1.5GiB or 4096.
type byteSize int64

// String prints the bytes as a plain number.
func (s *byteSize) String() string { return strconv.FormatInt(int64(*s), 10) }

// Set reads text; it implements flag.Value.
func (s *byteSize) Set(text string) error {
	size, err := parseSize(text)
	if err != nil {
		return err
	}
	*s = size
	return nil
}

// parseSize reads a size that is not negative.
func parseSize(text string) (byteSize, error) {
	number, unit := text, 1.0
	for _, u := range []struct {
		suffix string
		bytes  float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}} {
		if trimmed, found := strings.CutSuffix(text, u.suffix); found {
			number, unit = trimmed, u.bytes
			break
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !(value >= 0 && value*unit < math.MaxInt64) { // also NaN
		return 0, fmt.Errorf("%q is no size: write one like 4MiB, 512KiB or 4096", text)
	}
	return byteSize(value * unit), nil
}
