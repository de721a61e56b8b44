// Package page turns what is said into lines of text at one width: columns,
// wrapping, right margins, signs, colours. It is the only one that knows how a
// terminal is written to, and the only one that imports lipgloss.
//
// Colour is a property of what is written: each text is added with its style,
// and no finished text is searched for words. All text that is added is cleaned
// of what would control a terminal, wherever it comes from, so that an output
// holds no control character but line ends and the page's own styles. Widths
// are cells of a terminal, not bytes or characters.
package page
