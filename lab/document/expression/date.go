package expression

import (
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func dates(op string) (function, bool) {
	part := partOf(op)
	if part == nil {
		return function{}, false
	}
	return function{1, 1, func(v []any) (any, error) {
		if value.IsNullish(v[0]) {
			return nil, nil
		}
		t, err := instant(v[0])
		if err != nil {
			return nil, err
		}
		return int32(part(t)), nil
	}}, true
}

func partOf(op string) func(t time.Time) int {
	switch op {
	case "$year":
		return time.Time.Year
	case "$month":
		return func(t time.Time) int { return int(t.Month()) }
	case "$dayOfMonth":
		return time.Time.Day
	case "$dayOfWeek":
		return func(t time.Time) int { return int(t.Weekday()) + 1 }
	case "$hour":
		return time.Time.Hour
	case "$minute":
		return time.Time.Minute
	case "$second":
		return time.Time.Second
	}
	return nil
}

func instant(v any) (time.Time, error) {
	switch v := v.(type) {
	case bson.DateTime:
		return value.Time(v), nil
	case bson.ObjectID:
		return v.Timestamp().UTC(), nil
	case bson.Timestamp:
		return time.Unix(int64(v.T), 0).UTC(), nil
	}
	return time.Time{}, value.Refused(16006, "can't convert from BSON type %s to Date", value.TypeName(v))
}

// zoned moves a time into the zone of the operand "timezone", if it is given.
func zoned(t time.Time, s *Scope, in map[string]Expression) (time.Time, error) {
	zone, err := textOf(s, in["timezone"], "UTC")
	if err != nil {
		return t, err
	}
	if len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') {
		if off, err := time.Parse("-07:00", zone); err == nil {
			return t.In(off.Location()), nil
		}
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return t, value.Refused(40485, "unrecognized time zone identifier: \"%s\"", zone)
	}
	return t.In(loc), nil
}

func textOf(s *Scope, x Expression, otherwise string) (string, error) {
	if x == nil {
		return otherwise, nil
	}
	v, err := x(s)
	if err != nil {
		return "", err
	}
	text, ok := v.(string)
	if !ok {
		return "", value.Refused(40517, "a parameter of a date expression must evaluate to a string, found %s", value.TypeName(v))
	}
	return text, nil
}

func dateToString(_ string, s *Scope, in map[string]Expression) (any, error) {
	v, err := in["date"](s)
	if err != nil {
		return nil, err
	}
	if value.IsNullish(v) {
		if in["onNull"] != nil {
			return in["onNull"](s)
		}
		return nil, nil
	}
	t, err := instant(v)
	if err != nil {
		return nil, err
	}
	if t, err = zoned(t, s, in); err != nil {
		return nil, err
	}
	format, err := textOf(s, in["format"], "%Y-%m-%dT%H:%M:%S.%LZ")
	if err != nil {
		return nil, err
	}
	return formatted(t, format)
}

func formatted(t time.Time, format string) (any, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		if i == len(format) {
			return nil, value.Refused(18535, "Unmatched '%%' at end of format string")
		}
		text, ok := directive(t, format[i])
		if !ok {
			return nil, value.Refused(18536, "Invalid format character '%%%c' in format string", format[i])
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func directive(t time.Time, c byte) (string, bool) {
	year, week := t.ISOWeek()
	switch c {
	case 'Y':
		return t.Format("2006"), true
	case 'm':
		return t.Format("01"), true
	case 'd':
		return t.Format("02"), true
	case 'H':
		return t.Format("15"), true
	case 'M':
		return t.Format("04"), true
	case 'S':
		return t.Format("05"), true
	case 'L':
		return t.Format(".000")[1:], true
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay()), true
	case 'u':
		return fmt.Sprint((int(t.Weekday())+6)%7 + 1), true
	case 'V':
		return fmt.Sprintf("%02d", week), true
	case 'G':
		return fmt.Sprint(year), true
	case 'z':
		return t.Format("-0700"), true
	case '%':
		return "%", true
	}
	return "", false
}

// truncate gives the beginning of the unit that t is in; weeks begin on
// Sunday.
func truncate(t time.Time, unit string) (time.Time, bool) {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	switch unit {
	case "year":
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location()), true
	case "quarter":
		return time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, t.Location()), true
	case "month":
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()), true
	case "week":
		return day.AddDate(0, 0, -int(t.Weekday())), true
	case "day":
		return day, true
	}
	step, ok := steps(unit)
	if !ok {
		return t, false
	}
	return day.Add(t.Sub(day).Truncate(step)), true
}

func steps(unit string) (time.Duration, bool) {
	switch unit {
	case "hour":
		return time.Hour, true
	case "minute":
		return time.Minute, true
	case "second":
		return time.Second, true
	case "millisecond":
		return time.Millisecond, true
	}
	return 0, false
}

func dateTrunc(_ string, s *Scope, in map[string]Expression) (any, error) {
	t, unit, null, err := dated(s, in, "date")
	if err != nil || null {
		return nil, err
	}
	out, ok := truncate(t, unit)
	if !ok {
		return nil, value.Refused(value.FailedToParse, "unknown time unit value: %s", unit)
	}
	return bson.NewDateTimeFromTime(out), nil
}

func dated(s *Scope, in map[string]Expression, name string) (t time.Time, unit string, null bool, err error) {
	v, err := in[name](s)
	if err != nil || value.IsNullish(v) {
		return t, "", true, err
	}
	if t, err = instant(v); err != nil {
		return t, "", false, err
	}
	if t, err = zoned(t, s, in); err != nil {
		return t, "", false, err
	}
	unit, err = textOf(s, in["unit"], "")
	return t, unit, false, err
}

func dateDiff(_ string, s *Scope, in map[string]Expression) (any, error) {
	from, unit, null, err := dated(s, in, "startDate")
	if err != nil || null {
		return nil, err
	}
	to, _, null, err := dated(s, in, "endDate")
	if err != nil || null {
		return nil, err
	}
	a, ok := truncate(from, unit)
	if !ok {
		return nil, value.Refused(value.FailedToParse, "unknown time unit value: %s", unit)
	}
	b, _ := truncate(to, unit)
	months := int64(b.Year()-a.Year())*12 + int64(b.Month()-a.Month())
	switch unit {
	case "year":
		return months / 12, nil
	case "quarter":
		return months / 3, nil
	case "month":
		return months, nil
	case "week", "day":
		day := func(t time.Time) int64 {
			return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400
		}
		if unit == "week" {
			return (day(b) - day(a)) / 7, nil
		}
		return day(b) - day(a), nil
	}
	step, _ := steps(unit)
	return (b.UnixMilli() - a.UnixMilli()) / step.Milliseconds(), nil
}

func dateAdd(op string, s *Scope, in map[string]Expression) (any, error) {
	t, unit, null, err := dated(s, in, "startDate")
	if err != nil || null {
		return nil, err
	}
	v, err := in["amount"](s)
	if err != nil || value.IsNullish(v) {
		return nil, err
	}
	n, ok := value.Int(v)
	if !ok {
		return nil, value.Refused(5166405, "%s expects integer amount of time units", op)
	}
	if op == "$dateSubtract" {
		n = -n
	}
	switch unit {
	case "year":
		t = t.AddDate(int(n), 0, 0)
	case "quarter":
		t = t.AddDate(0, 3*int(n), 0)
	case "month":
		t = t.AddDate(0, int(n), 0)
	case "week":
		t = t.AddDate(0, 0, 7*int(n))
	case "day":
		t = t.AddDate(0, 0, int(n))
	default:
		step, ok := steps(unit)
		if !ok {
			return nil, value.Refused(value.FailedToParse, "unknown time unit value: %s", unit)
		}
		t = t.Add(time.Duration(n) * step)
	}
	return bson.NewDateTimeFromTime(t), nil
}
