package expression

// Names in a path beside those of members: Each stands for any element of a list and
// any member of a map, Shape for how many there are.
const (
	Each  = "*"
	Shape = "#"
)

// Paths returns what it reads, as members are named: [steps look outputs status],
// [outputs json items * id]. What is read of the last is not known, unless it is Shape.
func (r *references) Paths() [][]string { return r.paths }

// Bare returns whose outputs it reads a member of without ?.: the ids of steps, "" for
// the name outputs.
func (r *references) Bare() []string { return r.bare }

// rest is what follows in a path, nil at its end: the whole is read.
type rest struct {
	name string
	next *rest
}

// most is of how many members a reader tells before it takes the whole.
const most = 64

// allOfIt is what is read of a value that is used as it is.
var allOfIt = []*rest{nil}

// behind is what is read of a value if that is read of the member name of it.
func behind(name string, of []*rest) []*rest {
	out := make([]*rest, len(of))
	for i := range of {
		out[i] = &rest{name, of[i]}
	}
	return out
}

// reader gathers what an expression reads.
type reader struct {
	paths [][]string
	bare  []string
	items [][]*rest // of the predicates around: what is read of their element
	lists []*node   // and of what it is one
}

func readsOf(root *node) (paths [][]string, bare []string) {
	var r reader
	r.read(root, allOfIt)
	return r.paths, sortedUnique(r.bare)
}

// outputsOf returns whose outputs n is, or those of an item of which loop.
func (r *reader) outputsOf(n *node) (id string, is bool) {
	switch {
	case n.op == opIndex:
		return r.outputsOf(n.a)
	case n.op == opItem && len(r.lists) > 0:
		if list := r.lists[len(r.lists)-1]; list.op == opMember {
			return r.outputsOf(list)
		}
	case n.op == opName:
		return "", n.name == "outputs"
	case n.op == opMember && n.a.op == opStep:
		return n.a.name, n.name == "outputs"
	}
	return "", false
}

// read notes what n reads where of is read of its value. What is shown of a condition
// that failed is the value of a part that is read whole.
func (r *reader) read(n *node, of []*rest) {
	if n == nil {
		return
	}
	if len(of) > most {
		of = allOfIt
	}
	switch n.op {
	case opName:
		r.note(of, n.name)
	case opStep:
		r.note(of, "steps", n.name)
	case opItem:
		if last := len(r.items) - 1; last >= 0 {
			r.items[last] = append(r.items[last], of...)
		}
	case opMember:
		if id, is := r.outputsOf(n.a); is && !n.optional {
			r.bare = append(r.bare, id)
		}
		r.read(n.a, behind(n.name, of))
	case opIndex:
		r.read(n.a, behind(Each, of))
		r.read(n.b, allOfIt)
	case opChain, opSlice:
		r.read(n.a, of)
		r.all(n.kids)
	case opCoalesce:
		r.read(n.a, of)
		r.read(n.b, of)
	case opIf:
		r.read(n.kids[0], allOfIt)
		r.read(n.kids[1], of)
		r.read(n.kids[2], of)
	case opCall:
		if f, ok := n.value.(*function); ok && f.reads != nil && len(n.kids) > 0 {
			r.read(n.kids[0], f.reads(of))
			r.all(n.kids[1:])
			return
		}
		r.all(n.kids)
	case opLoop:
		r.loop(n, of)
	default:
		r.read(n.a, allOfIt)
		r.read(n.b, allOfIt)
		r.all(n.kids)
	}
}

func (r *reader) all(nodes []*node) {
	for _, n := range nodes {
		r.read(n, allOfIt)
	}
}

func (r *reader) note(of []*rest, path ...string) {
	for _, x := range of {
		p := path[:len(path):len(path)]
		for ; x != nil; x = x.next {
			p = append(p, x.name)
		}
		r.paths = append(r.paths, p)
	}
}

// loop notes what a function reads of a list: what its predicate reads of the elements,
// and what is read of those that it gives.
func (r *reader) loop(n *node, of []*rest) {
	l := n.value.(*looping)
	r.all(n.kids)
	list := []*rest{{name: Shape}}
	if l.passes != nil {
		list = append(list, l.passes(of)...)
	}
	elements := allOfIt
	if n.b != nil {
		r.items, r.lists = append(r.items, nil), append(r.lists, n.a)
		r.read(n.b, l.asked(of))
		r.lists = r.lists[:len(r.lists)-1]
		last := len(r.items) - 1
		elements, r.items = r.items[last], r.items[:last]
	}
	if l.decides { // the element is told by its name
		elements = append(elements[:len(elements):len(elements)], &rest{name: "name"}, &rest{name: "id"}, &rest{name: "title"})
	}
	r.read(n.a, append(list, behind(Each, elements)...))
}

// asked is what is read of the value of a predicate, where of is read of the result.
func (l *looping) asked(of []*rest) []*rest {
	if l.name != "map" {
		return allOfIt
	}
	out := make([]*rest, len(of))
	for i, x := range of {
		if x != nil && x.name == Each {
			out[i] = x.next
		}
	}
	return out
}

// What is read of a list or a value, where of is read of the result of a function.
func ofTheSame(of []*rest) []*rest   { return of }
func ofAnElement(of []*rest) []*rest { return append(behind(Each, of), &rest{name: Shape}) }
func ofElements(of []*rest) []*rest  { return behind(Each, allOfIt) }
func ofTheShape(of []*rest) []*rest  { return []*rest{{name: Shape}} }
