//go:build unix

package docker

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

type person struct{ name, text string }

// describeSocket says who this process is, and who may open the socket.
func describeSocket(path string) (person, []string) {
	me := person{name: "$USER", text: fmt.Sprintf("uid %d", os.Getuid())}
	current, err := user.Current()
	if err == nil {
		me = person{name: current.Username, text: fmt.Sprintf("%s (uid %s)", current.Username, current.Uid)}
	}
	info, err := os.Stat(path)
	if err != nil {
		return me, nil
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return me, nil
	}
	ownerName, groupName := strconv.Itoa(int(owner.Uid)), strconv.Itoa(int(owner.Gid))
	if u, err := user.LookupId(ownerName); err == nil {
		ownerName = u.Username
	}
	if g, err := user.LookupGroupId(groupName); err == nil {
		groupName = g.Name
	}
	seen := fmt.Sprintf("socket is %s:%s %04o", ownerName, groupName, info.Mode().Perm())
	if current != nil {
		if groups, err := current.GroupIds(); err == nil && !slices.Contains(groups, strconv.Itoa(int(owner.Gid))) {
			seen += fmt.Sprintf("; %s is not in group %s", current.Username, groupName)
		}
	}
	return me, []string{seen}
}
