package docker

import "math"

// trend is a straight line through samples over time by least squares.
type trend struct {
	slope float64 // per second
	// low is the lower bound of the slope with 95 % confidence (one-sided):
	// slope - t(0.95; n-2) * standard error, by Student's t. The formulas are
	// those of Montgomery, Peck, Vining, Introduction to Linear Regression
	// Analysis, sections 2.2 and 2.4. They take errors to be independent;
	// memory's are not quite, so of few samples the bound is somewhat high.
	low float64
}

// fitTrend fits y over x, in seconds. It needs three points at least, not all
// at one x; else both results are 0.
func fitTrend(x, y []float64) trend {
	n := float64(len(x))
	if len(x) < 3 || len(x) != len(y) {
		return trend{}
	}
	var meanX, meanY float64
	for i := range x {
		meanX += x[i] / n
		meanY += y[i] / n
	}
	var sxx, sxy float64
	for i := range x {
		sxx += (x[i] - meanX) * (x[i] - meanX)
		sxy += (x[i] - meanX) * (y[i] - meanY)
	}
	if sxx == 0 {
		return trend{}
	}
	slope := sxy / sxx
	var residual float64
	for i := range x {
		r := y[i] - meanY - slope*(x[i]-meanX)
		residual += r * r
	}
	standardError := math.Sqrt(residual / (n - 2) / sxx)
	return trend{slope: slope, low: slope - student95(len(x)-2)*standardError}
}

// The quantiles t(0.95) of Student's distribution for 1 to 30 degrees of
// freedom: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
var student = [...]float64{
	6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812,
	1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
	1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
}

// student95 returns t(0.95) for that many degrees of freedom; above the table
// by the expansion 26.7.5 of Abramowitz and Stegun.
func student95(freedom int) float64 {
	if freedom < 1 {
		return math.Inf(1)
	}
	if freedom <= len(student) {
		return student[freedom-1]
	}
	const z = 1.6448536269514722 // the quantile 0.95 of the normal distribution
	v := float64(freedom)
	return z + (z*z*z+z)/(4*v) + (5*z*z*z*z*z+16*z*z*z+3*z)/(96*v*v)
}
