package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"runbook/engine/event"
	"runbook/engine/page"
)

// saying returns the story of a failed run in which everything that an author, a
// person or a target says is text.
func saying(text string) *story {
	s := failedLeak()
	for i := range s.events {
		s.events[i].Data = spoke(s.events[i].Data, text)
	}
	return s
}

// spoke returns a copy of a fact with text in each of the fields that hold what
// somebody says.
func spoke(fact any, text string) any {
	from := reflect.ValueOf(fact)
	if from.Kind() != reflect.Pointer || from.IsNil() {
		return fact
	}
	to := reflect.New(from.Elem().Type())
	to.Elem().Set(from.Elem())
	say(to.Elem(), text)
	return to.Interface()
}

var spoken = map[string]bool{
	"Title": true, "Brief": true, "Summary": true, "That": true, "Seen": true, "What": true, "Where": true, "Tried": true,
	"Do": true, "Expected": true, "Address": true, "Message": true, "Contact": true, "Note": true, "Text": true,
}

func say(v reflect.Value, text string) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case !f.CanSet():
		case f.Kind() == reflect.String && spoken[name] && f.Len() > 0:
			f.SetString(text)
		case f.Kind() == reflect.Struct:
			say(f, text)
		case f.Kind() == reflect.Pointer && !f.IsNil() && f.Elem().Kind() == reflect.Struct:
			to := reflect.New(f.Elem().Type())
			to.Elem().Set(f.Elem())
			say(to.Elem(), text)
			f.Set(to)
		case f.Kind() == reflect.Slice:
			to := reflect.MakeSlice(f.Type(), f.Len(), f.Len())
			reflect.Copy(to, f)
			for n := range to.Len() {
				switch e := to.Index(n); {
				case e.Kind() == reflect.Struct:
					say(e, text)
				case e.Kind() == reflect.String && spoken[name]:
					e.SetString(text)
				}
			}
			f.Set(to)
		}
	}
}

// printed is all that is printed of a story.
func printed(t *testing.T, s *story, k page.Look) string {
	t.Helper()
	o := options(92, s)
	o.Look, o.Verbosity = k, 2
	var b bytes.Buffer
	b.WriteString(played(t, s, o))
	v, r := NewPlain(&b, o), &Run{}
	for _, e := range s.events {
		v.Event(e)
		r.Apply(e)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	for _, e := range s.events {
		if a, ok := e.Data.(*event.Approval); ok {
			b.WriteString(strings.Join(NewPrompt(&r.Run, e.Path, a, o).Lines(), "\n") + "\n")
		}
	}
	return b.String()
}

// TestColourIsNotOfWords holds that what an author or a target says has the style
// of its place, whatever its words are.
func TestColourIsNotOfWords(t *testing.T) {
	k := page.Look{Width: 100, Unicode: true, Color: true}
	styled := func(word string) []string {
		var out []string
		style := ""
		for rest := printed(t, saying(word), k); rest != ""; {
			switch {
			case strings.HasPrefix(rest, "\x1b["):
				end := strings.IndexByte(rest, 'm') + 1
				style, rest = strings.TrimSuffix(rest[:end], "\x1b[m"), rest[end:]
			case strings.HasPrefix(rest, word):
				out, rest = append(out, style), rest[len(word):]
			default:
				rest = rest[1:]
			}
		}
		return out
	}
	want := styled("xxxxxxxx")
	if len(want) < 20 {
		t.Fatalf("only %d texts are printed", len(want))
	}
	for _, word := range []string{"DESTRUCT", "failed x", "in doubt", "warned x", "passed ✓", "✗✗ never", "GREENRED"} {
		got := styled(word)
		if len(got) < len(want) || word == "GREENRED" && !reflect.DeepEqual(got, want) {
			t.Errorf("%s has the styles %q, want %q", word, got, want)
		}
	}
}

// FuzzNothingControls holds that nothing that is said controls the terminal.
func FuzzNothingControls(f *testing.F) {
	for _, text := range []string{"\x1b[2J", "\x1b]52;c;aGk=\a", "a\r\nb\tc", "\u202e\u2066\u009b31m", "\xff\x00\x7f", "名前 🚀 e\u0301", "→ \u2028"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 {
			text = text[:200]
		}
		for _, k := range []page.Look{{Width: 92, Unicode: true}, {Width: 60}} {
			for _, r := range printed(t, saying(text), k) {
				if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
					t.Fatalf("%q prints %U", text, r)
				}
			}
		}
	})
}
