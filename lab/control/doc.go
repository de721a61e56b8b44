// Package control keeps a lab for other processes: `lab up` starts one, and what
// is asked of it comes over a socket that only its user can reach.
//
//	up.go       starts a lab, makes it known, ends it
//	server.go   serves orders and questions on the socket
//	session.go  finds the lab that runs, and asks it
//	fault.go    reads a fault as it is written on a command line
//	state.go    the state of a lab as a page
package control
