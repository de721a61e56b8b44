package playbook

import (
	"fmt"
	"strings"
	"testing"

	"runbook/engine/yaml"
)

// generated returns a playbook of so many steps.
func generated(steps int) []byte {
	var b strings.Builder
	b.WriteString("playbook: x\nsteps:\n")
	for i := range steps {
		fmt.Fprintf(&b, "  - id: step_%d\n    title: Step number %d\n    action: flow.assert\n    with: {that: \"1 + %d > 0\"}\n", i, i, i)
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, steps := range []int{1_000, 9_000} {
		text := generated(steps)
		b.Run(fmt.Sprintf("%d", steps), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				p, list := Parse(&yaml.Source{Name: "x", Text: text})
				if len(list) > 0 || len(p.Steps) != steps {
					b.Fatal(list)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, steps := range []int{1_000, 9_000} {
		text := generated(steps)
		b.Run(fmt.Sprintf("%d", steps), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, list := yaml.Read(&yaml.Source{Name: "x", Text: text}); len(list) > 0 {
					b.Fatal(list)
				}
			}
		})
	}
}
