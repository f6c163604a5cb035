//go:build unix

package bankapi

import "syscall"

// readNow reads from a socket that does not block: syscall.EAGAIN where there is
// nothing.
func readNow(fd uintptr, b []byte) (int, error) { return syscall.Read(int(fd), b) }
