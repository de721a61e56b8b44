// Package archive has the actions that look at the archives of data that other
// actions wrote to this machine's disk.
package archive
