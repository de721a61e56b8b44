package plan

import (
	"regexp"

	"runbook/engine/yaml"
)

// How a loop over the targets of a group is written, and its item.
var (
	aGroup = regexp.MustCompile(`^\s*\$\{\{\s*environment\.groups\.(\w+)\s*\}\}\s*$`)
	anItem = regexp.MustCompile(`^\s*\$\{\{\s*item\s*\}\}\s*$`)
)

// groupOf is the group that a list of items names; "" for another list.
func groupOf(items *yaml.Node) string {
	if found := aGroup.FindStringSubmatch(items.Text); found != nil {
		return found[1]
	}
	return ""
}

// groupAround is the group whose targets a target that is an item is one of.
func (v *view) groupAround(target yaml.String) string {
	if !anItem.MatchString(target.Value) {
		return ""
	}
	for n := v.reader; n != nil; n = n.parent {
		if n.step.Loop != nil {
			return n.step.Loop.Group
		}
	}
	return ""
}
