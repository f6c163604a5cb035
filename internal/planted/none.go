//go:build !planted

package planted

import "time"

// Now is the time.
func Now() time.Time { return time.Now() }

// Off is false: every safeguard is in force.
func Off(Safeguard) bool { return false }
