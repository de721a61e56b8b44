// Package audit has docker.audit, which holds containers to the CIS Docker Benchmark.
package audit
