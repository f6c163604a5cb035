//go:build planted

package planted

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
)

// Variable names the safeguard that is off in this process, "" for none.
const Variable = "PLANTED_FAULT"

var off atomic.Pointer[Safeguard]

func init() {
	if s := Safeguard(os.Getenv(Variable)); s != "" {
		if !slices.Contains(Safeguards(), s) {
			panic(fmt.Sprintf("%s=%s: no such safeguard; there are %v", Variable, s, Safeguards()))
		}
		Set(s)
	}
}

// Set switches one safeguard off, and every other on; "" switches all on.
func Set(s Safeguard) { off.Store(&s) }

// Off says whether the safeguard is off.
func Off(s Safeguard) bool {
	now := off.Load()
	return now != nil && *now == s
}
