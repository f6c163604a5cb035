package follow_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/follow"
	"bankprocessor/test/allocs"
)

func TestRecentIsAtMost20MillisecondsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, loads, files := halves(t)
		for range 3 {
			if got := files.Recent(); got != "one" || *loads != 1 {
				t.Fatalf("got %q after %d loads, want one of 1", got, *loads)
			}
		}
		write(t, a, "two", 1)
		write(t, b, "two", 1)
		time.Sleep(20*time.Millisecond - 1)
		if got := files.Recent(); got != "one" || files.RecentChanges() != 0 {
			t.Errorf("just before: got %q, %d changes", got, files.RecentChanges())
		}
		time.Sleep(1)
		if got := files.Recent(); got != "two" || files.RecentChanges() != 1 {
			t.Errorf("in time: got %q, %d changes", got, files.RecentChanges())
		}
	})
}

func TestALookIsRememberedByAll(t *testing.T) {
	t.Parallel()
	looks := map[string]func(*follow.Files[string]){
		"Get":     func(f *follow.Files[string]) { _ = f.Get() },
		"Changes": func(f *follow.Files[string]) { _ = f.Changes() },
		"Look":    func(f *follow.Files[string]) { _ = f.Look() },
	}
	for name, look := range looks {
		synctest.Test(t, func(t *testing.T) {
			a, b, _, files := halves(t)
			write(t, a, "two", 1)
			write(t, b, "two", 1)
			look(files)
			if got := files.Recent(); got != "two" || files.RecentChanges() != 1 {
				t.Errorf("%s: got %q, %d changes", name, got, files.RecentChanges())
			}
		})
	}
}

func TestRecentKeepsTheLastGoodValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, _, files := halves(t)
		if err := os.Remove(a); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := files.Recent(); got != "one" || files.Fault() == nil {
			t.Errorf("got %q, fault %v", got, files.Fault())
		}
	})
}

// A value that was read by one clock is used by another: no look of the one may
// answer for the other for good.
func TestAClockThatHasGoneBackAnswersNothing(t *testing.T) {
	t.Parallel()
	var a, b string
	var files *follow.Files[string]
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Hour)
		a, b, _, files = halves(t)
		_ = files.Look()
	})
	write(t, a, "two", 1)
	write(t, b, "two", 1)
	if got := files.Recent(); got != "two" {
		t.Errorf("got %q", got)
	}
}

func TestRecentAllocatesNothing(t *testing.T) {
	_, _, _, files := halves(t)
	allocs.AtMost(t, 0.5, func() { _ = files.Recent() }) // a look every 20 ms
}

func BenchmarkGet(b *testing.B) {
	_, _, _, files := halves(b)
	b.ReportAllocs()
	for b.Loop() {
		_ = files.Get()
	}
}

func BenchmarkRecent(b *testing.B) {
	_, _, _, files := halves(b)
	b.ReportAllocs()
	for b.Loop() {
		_ = files.Recent()
	}
}
