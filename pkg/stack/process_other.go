//go:build !linux

package stack

import "syscall"

// Only Linux can tie a foreign program to its parent; elsewhere the pipe holds
// copies of this binary, and a Java broker outlives a parent that was SIGKILLed.
func dieWithParent(*syscall.SysProcAttr) {}
