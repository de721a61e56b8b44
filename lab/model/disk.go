package model

import "math"

// Disk is the host's.
type Disk struct {
	TotalBytes float64
	UsedBytes  float64
	LogRate    float64 // bytes in a second, of a log that is not rotated
	Unused     float64 // of it, images and build cache that nothing uses
}

func newDisk() Disk {
	return Disk{TotalBytes: 100 * GiB, UsedBytes: 57 * GiB, Unused: 3 * GiB}
}

// UsedPercent is the use of the disk in per cent.
func (d *Disk) UsedPercent() float64 { return 100 * d.UsedBytes / d.TotalBytes }

func (w *World) stepDisk() {
	d := &w.Disk
	d.UsedBytes = math.Min(d.TotalBytes, d.UsedBytes+d.LogRate)
}
