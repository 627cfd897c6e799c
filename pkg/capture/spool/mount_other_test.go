//go:build !linux

package spool

import "errors"

func mountTmpfs(string, string) error { return errors.New("not Linux") }

func unmount(string) error { return nil }
