//go:build planted

package planted

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// Variable names the safeguard that is off in this process, "" for none.
const Variable = "PLANTED_FAULT"

// SkewVariable holds by how much this process's clock is wrong, such as 90s or -1h.
const SkewVariable = "PLANTED_CLOCK_SKEW"

var (
	off  atomic.Pointer[Safeguard]
	skew atomic.Int64
)

func init() {
	if s := Safeguard(os.Getenv(Variable)); s != "" {
		if !slices.Contains(Safeguards(), s) {
			panic(fmt.Sprintf("%s=%s: no such safeguard; there are %v", Variable, s, Safeguards()))
		}
		Set(s)
	}
	if v := os.Getenv(SkewVariable); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			panic(fmt.Sprintf("%s=%s: want a duration", SkewVariable, v))
		}
		SetSkew(d)
	}
}

// SetSkew has the clock be wrong by d from now on.
func SetSkew(d time.Duration) { skew.Store(int64(d)) }

// Now is the time by a clock that is wrong by the skew, as a machine's may be. What
// is judged by the monotonic clock is judged rightly.
func Now() time.Time { return time.Now().Add(time.Duration(skew.Load())) }

// Set switches one safeguard off, and every other on; "" switches all on.
func Set(s Safeguard) { off.Store(&s) }

// Off says whether the safeguard is off.
func Off(s Safeguard) bool {
	now := off.Load()
	return now != nil && *now == s
}
