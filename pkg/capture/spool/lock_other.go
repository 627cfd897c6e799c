//go:build !unix

package spool

// lock does nothing where there is no flock: give each process its own folder.
func lock(string) (func(), error) { return func() {}, nil }
