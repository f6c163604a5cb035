package banksim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/banksim"
)

// Past its knee a bank takes longer in proportion to the calls that it has at once.
func TestKnee(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const fixed = banksim.Duration(10 * time.Millisecond)
		bank := banksim.New(banksim.Config{Latency: banksim.Latency{Fixed: fixed, Knee: 2}})
		start := time.Now()
		call := func() {
			r := httptest.NewRequest(http.MethodPost, banksim.DefaultTokenPath, strings.NewReader(""))
			bank.Handler().ServeHTTP(httptest.NewRecorder(), r)
		}
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(call)
		}
		calls.Wait()
		if took := time.Since(start); took != 40*time.Millisecond {
			t.Errorf("eight calls at once took %s", took)
		}
		start = time.Now()
		call()
		if took := time.Since(start); took != 10*time.Millisecond {
			t.Errorf("one call took %s", took)
		}
	})
}
