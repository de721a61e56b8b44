package event

import (
	"strconv"
	"strings"
)

// Path is the address of a step in a run: its id, or its number in what holds it
// (`steps/3`, `recover/2`). An item of a loop has its index (`each[3]`), and what
// runs in an item or in a call stands behind it (`each[3]/drain`, `check/steps/1`).
// The run itself is "".
//
// Paths are equal if they are of the same step. A step with an id has no address
// of the block around it, and none of its phase: those are in the facts of the
// plan, and package history joins the two.
type Path string

// Phase is the part of a playbook that a step belongs to.
type Phase string

// The phases, in their order. What undoes a step has a phase of its own.
const (
	Prerequisites Phase = "prerequisites"
	Steps         Phase = "steps"
	Finally       Phase = "finally"
	Undo          Phase = "undo"
)

// Part is the address of a step in the item, call or step at p.
func (p Path) Part(local string) Path {
	if p == "" {
		return Path(local)
	}
	return p + "/" + Path(local)
}

// Number is the address of the part of p with that number, from 1.
func (p Path) Number(n int) Path { return p.Part(strconv.Itoa(n)) }

// Item is the address of the item with that index, from 0, of the loop at p.
func (p Path) Item(index int) Path { return p + "[" + Path(strconv.Itoa(index)) + "]" }

// IsItem reports whether p is an item of a loop, not a step within one.
func (p Path) IsItem() bool { return strings.HasSuffix(string(p), "]") }

// Loop is the address of the loop that the item at p is of; p for what is no item.
func (p Path) Loop() Path {
	if !p.IsItem() {
		return p
	}
	return p[:strings.LastIndexByte(string(p), '[')]
}

// Index is the number of the item at p in its loop, from 0; -1 for what is no item.
func (p Path) Index() int {
	if !p.IsItem() {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSuffix(string(p[len(p.Loop())+1:]), "]"))
	if err != nil {
		return -1
	}
	return n
}

// InItem divides p behind the innermost item that it is in. ok is false where it
// is in none, and for an item that is in no other.
func (p Path) InItem() (item Path, local string, ok bool) {
	i := strings.LastIndex(string(p), "]/")
	if i < 0 {
		return "", "", false
	}
	return p[:i+1], string(p[i+2:]), true
}

// Last is the last part of the address, with its index.
func (p Path) Last() string { return string(p[strings.LastIndexByte(string(p), '/')+1:]) }

// Plain is the address without the indexes of items.
func (p Path) Plain() Path {
	text := string(p)
	at := strings.IndexByte(text, '[')
	if at < 0 {
		return p
	}
	var b strings.Builder
	for ; at >= 0; at = strings.IndexByte(text, '[') {
		b.WriteString(text[:at])
		_, text, _ = strings.Cut(text[at:], "]")
	}
	b.WriteString(text)
	return Path(b.String())
}

// Parent is the address of what holds the step as its own address says: of an
// item its loop, of `check/steps/1` the call, of a step at the top "".
func (p Path) Parent() Path {
	if p.IsItem() {
		return p.Loop()
	}
	up := p.up()
	switch Phase(up.Last()) {
	case Prerequisites, Steps, Finally:
		return up.up()
	}
	return up
}

func (p Path) up() Path { return p[:max(strings.LastIndexByte(string(p), '/'), 0)] }

// Within reports whether p is the step at around, an item of it, or a part whose
// address says so.
func (p Path) Within(around Path) bool {
	rest, ok := strings.CutPrefix(string(p), string(around))
	return ok && (rest == "" || around == "" || rest[0] == '/' || rest[0] == '[')
}
