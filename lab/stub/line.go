package stub

import (
	"encoding/json"
	"slices"
	"strings"

	"runbook/engine/action"
)

// Line is a line of a file of rehearsals, and the key that it goes below.
type Line struct{ Under, Text string }

// longWord is the length from which a word of an argv is left out of a line, as its
// beginning matches too.
const longWord = 120

// lineOf is the line by which a stub answers what is asked, and the key that it
// stands under.
func lineOf(asked action.Asked) (under, line string) {
	if asked.URL != "" {
		url := asked.Shown
		if exact, _, _ := strings.Cut(asked.URL, "?"); exact != url {
			url = strings.TrimRight(url, "/") + "*"
		}
		return "requests", "- {method: " + asked.Method + ", url: " + quoted(url) + ", status: 200}"
	}
	switch {
	case asked.Port != "":
		return "ports", "- {address: " + quoted(asked.Port) + "}"
	case len(asked.Argv) == 0:
		return "services", flow(asked.Service) + ": IMAGE:TAG"
	}
	most := 1
	for most < len(asked.Argv) && len(asked.Argv[most]) <= longWord {
		most++
	}
	return "programs", "- {" + argvOf(asked.Argv, most) + ", stdout: \"\"}"
}

// argvOf is the beginning of an argv as a stub has it.
func argvOf(argv []string, most int) string {
	words := make([]string, 0, most)
	for _, word := range argv[:most] {
		words = append(words, flow(word))
	}
	return "argv: [" + strings.Join(words, ", ") + "]"
}

// flow is a word of a flow sequence, quoted where it must be or may be taken for
// something else.
func flow(word string) string {
	first := strings.TrimLeft(word, "-")
	plain := first != "" && (first[0] >= 'a' && first[0] <= 'z' || word[0] == '/') && word != "---" && !strings.ContainsFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./", r)
	})
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, word) {
		return word
	}
	return quoted(word)
}

// quoted is a text as a scalar in two quotes: YAML takes those of JSON.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text has one
	return strings.TrimSuffix(b.String(), "\n")
}
