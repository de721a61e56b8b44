package yaml

import (
	"reflect"
	"strings"
	"time"

	"runbook/engine/diag"
)

// Placed is a scalar of the file, read as a T, with its place. The zero Placed
// is absent. A String may hold ${{ }}, and so may what a tag says is decided late; all
// others are fixed.
type Placed[T any] struct {
	Value T
	Node  *Node
}

// The scalars of the language.
type (
	String   = Placed[string]
	Int      = Placed[int]
	Number   = Placed[float64]
	Bool     = Placed[bool]
	Duration = Placed[time.Duration]
)

// Set reports whether the file gives the value.
func (p Placed[T]) Set() bool { return p.Node != nil }

// Span returns the place of the value, the zero Span if it is absent.
func (p Placed[T]) Span() diag.Span {
	if p.Node == nil {
		return diag.Span{}
	}
	return p.Node.Span
}

// Open reports whether ${{ }} stands in the value, so that the file does not decide it.
func (p Placed[T]) Open() bool { return p.Node != nil && strings.Contains(p.Node.Text, "${{") }

// Or returns the value, and otherwise where the file gives none, or does not decide it.
func (p Placed[T]) Or(otherwise T) T {
	if p.Node == nil || p.Open() {
		return otherwise
	}
	return p.Value
}

// TextOf returns the text of a scalar with its place.
func TextOf(n *Node) String { return String{Value: n.Text, Node: n} }

// scalar is a Placed of any type.
type scalar interface {
	place(value any, n *Node)
	valueType() reflect.Type
}

var _ scalar = (*String)(nil)

func (p *Placed[T]) place(value any, n *Node) { p.Value, p.Node = value.(T), n }

func (p *Placed[T]) valueType() reflect.Type { return reflect.TypeFor[T]() }
