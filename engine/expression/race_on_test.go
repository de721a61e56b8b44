//go:build race

package expression_test

// raceDetector reports that evaluation is about ten times slower.
const raceDetector = true
