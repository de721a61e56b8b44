package run

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// The bounds of what is shown.
const (
	shownLine  = 500      // bytes of a line or of a cell
	shownLines = 1000     // lines or rows of a part
	shownBytes = 64 << 10 // of the parts of a step together
	shownInRun = 4 << 20  // of a run; what is beyond it is counted
	ownLines   = 100      // of what an action shows by itself
	ownItems   = 20       // of a loop, that show it

	mostColumns = 12 // of an output of the playbook that becomes a table
)

// showFound records what a person should see of a step that is over. It decides
// nothing: what has no value is told as that, and of a step that did not come so far
// it is left out.
func (r *runner) showFound(in *instance, sc *scope, o outcome) {
	switch {
	case in.step.Silent || in.step.Loop != nil && !in.item:
		return
	case o.state == event.Skipped || o.state == event.NotRun || o.state == event.Waiting || o.state == event.InDoubt:
		return
	}
	fact := &event.Shown{Automatic: len(in.step.Show) == 0}
	if fact.Automatic {
		fact.Parts = r.own(in, sc)
	} else {
		fact.Parts = r.asked(in, sc, o)
	}
	if len(fact.Parts) > 0 {
		r.fit(fact.Parts)
		_ = r.record(event.TypeShown, in.path, 0, fact) // what closed the journal ends the step by its own fact
	}
}

// asked are the parts that the step names.
func (r *runner) asked(in *instance, sc *scope, o outcome) (parts []event.ShownPart) {
	outputs, then := present(in.outputs)
	observed, before := present(in.observed)
	names := sc.with(map[string]any{"outputs": outputs, "observed": observed, "before": in.before})
	for _, s := range in.step.Show {
		p := r.shown(s, names)
		if p.Error != "" && (o.bad() || in.outputs == nil && in.step.Body == plan.BodyAction) {
			continue
		}
		p.Now = p.Unknown == "" && (then && s.Reads("outputs") || before && s.Reads("observed"))
		parts = append(parts, p)
	}
	return parts
}

// present is a value as it is now, and whether it is known only later what it will be.
func present(v any) (now any, later bool) {
	if u, ok := v.(schema.Unknown); ok && u.Now != nil {
		return u.Now, true
	}
	return v, false
}

// own is what the action of a step shows by itself: the outputs that are for reading.
func (r *runner) own(in *instance, sc *scope) (parts []event.ShownPart) {
	if i, _ := sc.Name("index"); in.step.Op == nil || isMany(i) {
		return nil
	}
	got, then := present(in.outputs)
	outputs, _ := got.(map[string]any)
	for _, f := range in.step.Op.Action.Outputs.Fields {
		if f.Show == "" || outputs[f.Name] == nil {
			continue
		}
		p := r.partOf(outputs[f.Name])
		if len(p.Lines) == 0 {
			continue
		}
		if len(parts) > 0 {
			p.Name = f.Name
		}
		p.Now, p.Last = then, f.Show == "last"
		cutLines(&p, ownLines)
		parts = append(parts, p)
	}
	return parts
}

func isMany(index any) bool {
	i, ok := index.(int)
	return ok && i >= ownItems
}

// shown evaluates a part.
func (r *runner) shown(s *plan.Show, names expression.Values) event.ShownPart {
	v, unit, err := s.Eval(context.WithoutCancel(r.hard), names)
	switch u, unknown := v.(schema.Unknown); {
	case err != nil:
		return event.ShownPart{Error: cut(err.Error())}
	case unknown:
		return event.ShownPart{Unknown: u.String()}
	case s.Columns != nil:
		return r.tableOf(v, s.Columns)
	case s.Seen:
		if columns := columnsSeen(v); columns != nil {
			return r.tableOf(v, columns)
		}
	}
	p := r.partOf(v)
	if size, ok := v.(schema.Size); ok {
		v, unit = int(size), schema.UnitBytes
	}
	p.Number = event.NumberIn(unit, v)
	return p
}

// partOf is a value as lines: of a text its own, of a list one for each element, of a
// map one for each member.
func (r *runner) partOf(v any) (p event.ShownPart) {
	switch v := r.clean(v).(type) {
	case []any:
		for _, x := range v {
			p.Lines = append(p.Lines, linesOf(schema.TextOf(x))...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			p.Lines = append(p.Lines, linesOf(name+"  "+schema.TextOf(v[name]))...)
		}
	default:
		p.Lines = linesOf(schema.TextOf(v))
	}
	return p
}

// clean takes secrets out of texts that are cut to lines, as a half of one would be
// known by nobody.
func (r *runner) clean(v any) any {
	text, ok := v.(string)
	if !ok || r.Mask == nil {
		if list, ok := v.([]any); ok {
			return schema.Mapped(list, r.clean)
		}
		return v
	}
	raw, err := json.Marshal(text)
	if err == nil {
		err = json.Unmarshal(r.Mask(raw), &text)
	}
	if err != nil {
		return "(not shown)"
	}
	return text
}

// linesOf are the lines of a text as a terminal would leave them.
func linesOf(text string) []string {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = shortened(expanded(strings.TrimRight(line[strings.LastIndexByte(line, '\r')+1:], " ")))
	}
	return lines
}

// expanded has spaces in place of tabs.
func expanded(line string) string {
	if !strings.Contains(line, "\t") {
		return line
	}
	var b strings.Builder
	column := 0
	for _, c := range line {
		if c == '\t' {
			n := 8 - column%8
			b.WriteString(strings.Repeat(" ", n))
			column += n
			continue
		}
		b.WriteRune(c)
		column++
	}
	return b.String()
}

func shortened(line string) string {
	if len(line) <= shownLine {
		return line
	}
	return strings.ToValidUTF8(line[:shownLine-len("…")], "") + "…"
}

// tableOf is a list of rows as a table.
func (r *runner) tableOf(v any, columns []string) event.ShownPart {
	rows, _ := v.([]any)
	p := event.ShownPart{Columns: make([]event.ShownColumn, len(columns)), Rows: make([][]any, 0, min(len(rows), shownLines))}
	for i, name := range columns {
		p.Columns[i] = event.ShownColumn{Name: name, Unit: schema.UnitOf(name)}
	}
	for i, row := range rows {
		if i == shownLines {
			p.Left = len(rows) - i
			break
		}
		members, _ := row.(map[string]any)
		cells := make([]any, len(columns))
		for c, name := range columns {
			if _, ok := members[name].(schema.Size); ok {
				p.Columns[c].Unit = schema.UnitBytes
			}
			cells[c] = r.cell(members[name])
		}
		p.Rows = append(p.Rows, cells)
	}
	return p
}

// cell is a value as JSON has it without loss, else its text.
func (r *runner) cell(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case schema.Size:
		return r.cell(int(v))
	case int:
		if v > -1<<53 && v < 1<<53 {
			return float64(v)
		}
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	return strings.Join(linesOf(schema.TextOf(r.clean(v))), " / ")
}

// cutLines keeps at most n lines: the first, or the last where the part is about them.
func cutLines(p *event.ShownPart, n int) {
	left := len(p.Lines) - n
	if left <= 0 {
		return
	}
	p.Left += left
	if p.Last {
		p.Lines = p.Lines[left:]
		return
	}
	p.Lines = p.Lines[:n]
}

// fit bounds the parts of a step, together with all that the run has shown.
func (r *runner) fit(parts []event.ShownPart) {
	room := shownBytes
	r.tally.do(func() { room = min(room, shownInRun-r.tally.shown) })
	used := 0
	for i := range parts {
		p := &parts[i]
		cutLines(p, shownLines)
		used += cutTo(p, room-used)
	}
	r.tally.do(func() { r.tally.shown += used })
}

// cutTo keeps what has room, and returns how much it takes.
func cutTo(p *event.ShownPart, room int) int {
	n, used := 0, 0
	for n < len(p.Lines) {
		line := p.Lines[n]
		if p.Last {
			line = p.Lines[len(p.Lines)-1-n]
		}
		if used+len(line) > room {
			break
		}
		n, used = n+1, used+len(line)+1
	}
	cutLines(p, n)
	for n = range p.Rows {
		size := 0
		for _, cell := range p.Rows[n] {
			size += len(schema.TextOf(cell)) + 1
		}
		if used+size > room {
			p.Left += len(p.Rows) - n
			p.Rows = p.Rows[:n]
			break
		}
		used += size
	}
	return used
}

// foundPart is an output of the playbook as it is shown, nil where that is its text
// and no more: a list of maps as a table, texts and lists as lines.
func (r *runner) foundPart(t *schema.Type, v any) *event.ShownPart {
	var p event.ShownPart
	switch x := v.(type) {
	case string:
		if p = r.partOf(x); len(p.Lines) == 1 && len(p.Lines[0]) < 200 {
			return nil
		}
	case map[string]any:
		p = r.partOf(x)
	case []any:
		if columns := columnsOf(t.Element(), x); columns != nil {
			p = r.tableOf(x, columns)
		} else {
			p = r.partOf(x)
		}
	default:
		return nil
	}
	parts := []event.ShownPart{p}
	r.fit(parts)
	return &parts[0]
}

// isCell reports whether a value fits into a cell of a table.
func isCell(v any) bool {
	switch v.(type) {
	case nil, []any, map[string]any:
		return false
	}
	return true
}

// columnsSeen are the members of rows of which no type is known: those that fit into a
// cell, sorted; nil where a row has none, or there are too many, and the rows are shown as
// lines.
func columnsSeen(v any) []string {
	names := map[string]bool{}
	rows, _ := v.([]any)
	for _, row := range rows {
		members, ok := row.(map[string]any)
		if !ok {
			return nil
		}
		for name, v := range members {
			if isCell(v) {
				names[name] = true
			}
		}
	}
	if len(names) == 0 || len(names) > mostColumns {
		return nil
	}
	return slices.Sorted(maps.Keys(names))
}

// columnsOf are the members of rows, as their type has them or sorted; nil where an
// element is no map or there are too many.
func columnsOf(t *schema.Type, rows []any) []string {
	if len(t.Fields) > 0 && len(t.Fields) <= mostColumns && len(rows) > 0 {
		return t.Names()
	}
	names := map[string]bool{}
	for _, row := range rows {
		members, ok := row.(map[string]any)
		if !ok {
			return nil
		}
		for name := range members {
			names[name] = true
		}
	}
	if len(names) == 0 || len(names) > mostColumns {
		return nil
	}
	return slices.Sorted(maps.Keys(names))
}
