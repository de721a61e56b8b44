// Package stub answers in place of programs and servers that a lab does not have: it
// reads the stubs that stand in a file of rehearsals, plays them with what they do to
// the lab, says the line that would answer what was refused, and writes the stubs of
// what a run asked for real.
package stub
