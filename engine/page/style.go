package page

import (
	"charm.land/lipgloss/v2"
)

// Style is how a text is marked where colour is on. Nothing is said by it
// alone.
type Style uint8

// The styles, in the sixteen colours of the reader's terminal.
const (
	Plain Style = iota
	Dim
	Bold
	Red
	BoldRed
	Green
	BoldGreen
	Yellow
	BoldYellow
	Cyan
	BoldCyan
	Magenta
	BoldMagenta
	BlackOnRed
	BlackOnYellow
	BlackOnGreen
	WhiteOnRed
)

// lipgloss asks the terminal for its colours when it is loaded (below tmux by
// running "tmux info", where COLORTERM does not say it); its answer is not used,
// as these styles are all of the sixteen.
var styles = [...]lipgloss.Style{
	Plain:         lipgloss.NewStyle(),
	Dim:           lipgloss.NewStyle().Faint(true),
	Bold:          lipgloss.NewStyle().Bold(true),
	Red:           lipgloss.NewStyle().Foreground(lipgloss.Red),
	BoldRed:       lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true),
	Green:         lipgloss.NewStyle().Foreground(lipgloss.Green),
	BoldGreen:     lipgloss.NewStyle().Foreground(lipgloss.Green).Bold(true),
	Yellow:        lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	BoldYellow:    lipgloss.NewStyle().Foreground(lipgloss.Yellow).Bold(true),
	Cyan:          lipgloss.NewStyle().Foreground(lipgloss.Cyan),
	BoldCyan:      lipgloss.NewStyle().Foreground(lipgloss.Cyan).Bold(true),
	Magenta:       lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	BoldMagenta:   lipgloss.NewStyle().Foreground(lipgloss.Magenta).Bold(true),
	BlackOnRed:    lipgloss.NewStyle().Foreground(lipgloss.Black).Background(lipgloss.Red),
	BlackOnYellow: lipgloss.NewStyle().Foreground(lipgloss.Black).Background(lipgloss.Yellow),
	BlackOnGreen:  lipgloss.NewStyle().Foreground(lipgloss.Black).Background(lipgloss.Green),
	WhiteOnRed:    lipgloss.NewStyle().Foreground(lipgloss.BrightWhite).Background(lipgloss.Red),
}

// styled returns text with the marks of its style.
func (s Style) styled(text string) string {
	if s == Plain {
		return text
	}
	return styles[s].Render(text)
}
