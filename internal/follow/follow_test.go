package follow_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/follow"
)

// write gives a file content and a time of change that no earlier write had, as
// clocks of file systems are coarse.
func write(t testing.TB, path, content string, turn int) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, turn, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

var errHalves = errors.New("the halves do not fit")

// halves opens two files whose contents must be equal.
func halves(t testing.TB) (a, b string, loads *int, files *follow.Files[string]) {
	t.Helper()
	dir := t.TempDir()
	a, b = filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "one", 0)
	write(t, b, "one", 0)
	loads = new(int)
	files, err := follow.Open(func() (string, error) {
		*loads++
		first, err := os.ReadFile(a)
		second, err2 := os.ReadFile(b)
		switch {
		case err != nil || err2 != nil:
			return "", errors.Join(err, err2)
		case string(first) != string(second):
			return "", errHalves
		}
		return string(first), nil
	}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	return a, b, loads, files
}

func TestTheValueFollowsItsFiles(t *testing.T) {
	t.Parallel()
	a, b, loads, files := halves(t)
	for range 3 {
		if got := files.Get(); got != "one" || *loads != 1 {
			t.Fatalf("got %q after %d loads, want one of 1", got, *loads)
		}
	}
	write(t, a, "two", 1)
	if got := files.Get(); got != "one" || !errors.Is(files.Fault(), errHalves) {
		t.Errorf("half changed: got %q, fault %v", got, files.Fault())
	}
	write(t, b, "two", 1)
	if got := files.Get(); got != "two" || files.Fault() != nil {
		t.Errorf("changed: got %q, fault %v", got, files.Fault())
	}
	if err := os.Remove(a); err != nil {
		t.Fatal(err)
	}
	if got := files.Get(); got != "two" || !errors.Is(files.Fault(), os.ErrNotExist) {
		t.Errorf("removed: got %q, fault %v", got, files.Fault())
	}
	if err := files.Look(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looked at: %v", err)
	}
	write(t, a, "two", 1) // another file of the same size and time
	if got := files.Get(); got != "two" || files.Fault() != nil {
		t.Errorf("back: got %q, fault %v", got, files.Fault())
	}
}

func TestAnExchangedLinkIsAChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "secret")
	point := func(content string) {
		t.Helper()
		write(t, filepath.Join(dir, content), content, 0)
		if err := errors.Join(os.RemoveAll(link), os.Symlink(filepath.Join(dir, content), link)); err != nil {
			t.Fatal(err)
		}
	}
	point("one")
	files, err := follow.Open(func() (string, error) { b, err := os.ReadFile(link); return string(b), err }, link)
	if err != nil {
		t.Fatal(err)
	}
	point("two")
	if got := files.Get(); got != "two" {
		t.Errorf("got %q", got)
	}
}

func TestNothingPrints(t *testing.T) {
	t.Parallel()
	_, _, _, files := halves(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, files); strings.Contains(got, "one") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestWhatCannotBeReadDoesNotOpen(t *testing.T) {
	t.Parallel()
	if _, err := follow.Open(func() (int, error) { return 0, errHalves }); !errors.Is(err, errHalves) {
		t.Errorf("got %v", err)
	}
}

func TestChangesAreCounted(t *testing.T) {
	t.Parallel()
	a, b, _, files := halves(t)
	for turn, step := range []struct {
		path, content string
		want          uint64
	}{{a, "two", 0}, {b, "two", 1}, {b, "three", 1}, {a, "three", 2}} {
		write(t, step.path, step.content, turn+1)
		if got := files.Changes(); got != step.want {
			t.Errorf("after %s is %q: %d changes, want %d", step.path, step.content, got, step.want)
		}
	}
}
