//go:build !race

package lab_test

// slowdown is how many times longer everything may take.
const slowdown = 1
