package file

import (
	"bytes"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// mostCompared is how many lines are compared in pairs: the work grows by the square.
const mostCompared = 2000

// changesOf are the lines that differ, each run of them as one change.
func changesOf(before, after []byte) []action.Change {
	if bytes.Equal(before, after) {
		return nil
	}
	if !isText(before) || !isText(after) {
		return []action.Change{{Name: "content", Before: about(before), After: about(after)}}
	}
	was, is := linesOf(before), linesOf(after)
	head := 0
	for head < len(was) && head < len(is) && was[head] == is[head] {
		head++
	}
	foot := 0
	for foot < len(was)-head && foot < len(is)-head && was[len(was)-1-foot] == is[len(is)-1-foot] {
		foot++
	}
	was, is = was[head:len(was)-foot], is[head:len(is)-foot]
	if len(was) > mostCompared || len(is) > mostCompared {
		return []action.Change{{Name: name(head, len(was)), Before: about(before), After: about(after)}}
	}
	if len(was) == 0 && len(is) == 0 { // the end of the last line
		return []action.Change{{Name: "end of the last line", Before: about(before), After: about(after)}}
	}
	return runsOf(was, is, head)
}

// about says of a content what a person compares.
func about(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return schema.HumanBytes(float64(len(b))) + ", SHA-256 " + sum(b)[:12]
}

// linesOf splits a text into its lines.
func linesOf(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// runsOf finds the longest common sequence of lines, and what lies between its parts.
func runsOf(was, is []string, offset int) []action.Change {
	common := make([][]int32, len(was)+1) // common[i][j]: of was[i:] and is[j:]
	for i := range common {
		common[i] = make([]int32, len(is)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(is) - 1; j >= 0; j-- {
			if was[i] == is[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var changes []action.Change
	for i, j := 0, 0; i < len(was) || j < len(is); {
		fromI, fromJ := i, j
		for i < len(was) || j < len(is) {
			if i < len(was) && j < len(is) && was[i] == is[j] {
				break
			}
			if j == len(is) || i < len(was) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		if i > fromI || j > fromJ {
			changes = append(changes, action.Change{
				Name: name(offset+fromI, i-fromI), Before: strings.Join(was[fromI:i], "\n"), After: strings.Join(is[fromJ:j], "\n"),
			})
		}
		for i < len(was) && j < len(is) && was[i] == is[j] {
			i, j = i+1, j+1
		}
	}
	return changes
}

// name says which lines of the former content change, from one after another.
func name(after, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("after line %d", after)
	case 1:
		return fmt.Sprintf("line %d", after+1)
	}
	return fmt.Sprintf("lines %d to %d", after+1, after+count)
}
