package expression

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// defaultFormat is how $dateToString writes a date when nobody says.
const defaultFormat = "%Y-%m-%dT%H:%M:%S.%LZ"

// dateToString writes a date in UTC.
func dateToString(s *Scope, in map[string]Expression) (any, error) {
	t, known, err := dateOf(s, in)
	if err != nil || !known {
		return nil, err
	}
	format := defaultFormat
	if in["format"] != nil {
		if format, err = textOf(s, in["format"]); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return nil, value.Refused(18535, "Unmatched '%%' at end of format string")
		}
		layout, ok := directives()[format[i]]
		if !ok {
			return nil, value.Refused(18536, "Invalid format character '%%%c' in format string", format[i])
		}
		b.WriteString(strings.TrimPrefix(t.Format(layout), "."))
	}
	return b.String(), nil
}

// directives are the parts of a format, in Go's way of writing them.
func directives() map[byte]string {
	return map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'L': ".000", 'j': "002", 'z': "-0700", '%': "%"}
}

// dateOf is the operand "date"; it is not known where that is null.
func dateOf(s *Scope, in map[string]Expression) (t time.Time, known bool, err error) {
	v, err := in["date"](s)
	if err != nil || value.IsNullish(v) {
		return t, false, err
	}
	d, err := toDate(v)
	if value.IsNumber(v) || err != nil {
		return t, false, value.Refused(16006, "can't convert from BSON type %s to Date", value.TypeName(v))
	}
	return value.Time(d), true, nil
}

func textOf(s *Scope, x Expression) (string, error) {
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

// dateTrunc gives the beginning of the unit that a date is in, in UTC; weeks
// begin on Sunday.
func dateTrunc(s *Scope, in map[string]Expression) (any, error) {
	t, known, err := dateOf(s, in)
	if err != nil || !known {
		return nil, err
	}
	unit, err := textOf(s, in["unit"])
	if err != nil {
		return nil, err
	}
	out := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	switch unit {
	case "year":
		out = out.AddDate(0, 1-int(t.Month()), 1-t.Day())
	case "month":
		out = out.AddDate(0, 0, 1-t.Day())
	case "week":
		out = out.AddDate(0, 0, -int(t.Weekday()))
	case "day":
	case "hour":
		out = t.Truncate(time.Hour)
	case "minute":
		out = t.Truncate(time.Minute)
	case "second":
		out = t.Truncate(time.Second)
	default:
		return nil, value.Refused(value.FailedToParse, "unknown time unit value: %s", unit)
	}
	return bson.NewDateTimeFromTime(out), nil
}
