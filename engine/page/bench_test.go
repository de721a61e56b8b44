package page_test

import (
	"testing"

	"runbook/engine/page"
)

// BenchmarkFlow is a line of a timeline: a label, and text that is wrapped.
func BenchmarkFlow(b *testing.B) {
	for name, color := range map[string]bool{"plain": false, "colour": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p := page.New(page.Look{Width: 92, Unicode: true, Color: color})
				p.Flow(p.Line(page.Dim, "  03:14:07  ").Add(page.Bold, "recover/1").Pad(24, 2), page.Plain,
					"ineffective: 92.1 → 90.3 %, observed 13 times, which is more than fits into a line of this page")
				_ = p.String()
			}
		})
	}
}
