//go:build race

package lab_test

// slowdown is how many times longer everything may take: the race detector
// watches every access.
const slowdown = 10
