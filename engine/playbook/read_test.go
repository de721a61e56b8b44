package playbook

import (
	"fmt"
	"strings"
	"testing"
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

func BenchmarkRead(b *testing.B) {
	for _, steps := range []int{1_000, 10_000, 100_000} {
		text := generated(steps)
		b.Run(fmt.Sprintf("%d", steps), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, list := Read(&Source{Name: "x", Text: text}); len(list) > 0 {
					b.Fatal(list)
				}
			}
		})
	}
}
