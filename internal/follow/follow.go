// Package follow keeps what was read from files in step with them, so that a
// renewed certificate, secret or key needs no restart.
package follow

import (
	"fmt"
	"os"
	"sync"
)

// Files is a value that was read from files and is read again when one of them
// has changed. While the files cannot be read, or do not fit each other yet, the
// last good value stays. It is safe for concurrent use.
type Files[T any] struct {
	paths []string
	load  func() (T, error)

	mu sync.Mutex
	// value gives the value. A function prints as an address even where fmt cannot
	// reach Format, in the fields of other structs.
	value    func() T
	versions []version
	changes  uint64
	fault    error
}

// Open reads the value a first time; its error is load's.
func Open[T any](load func() (T, error), paths ...string) (*Files[T], error) {
	f := &Files[T]{paths: paths, load: load}
	// The versions come first: a change after them shows at the next look.
	versions := f.look()
	value, err := load()
	if err != nil {
		return nil, err
	}
	f.keep(value, versions)
	return f, nil
}

// Get returns the value as the files have it now, or as they last had it.
func (f *Files[T]) Get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.value()
}

// Look reads the files if they have changed. Its error says why what they hold
// now is not in use.
func (f *Files[T]) Look() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.fault
}

func (f *Files[T]) refresh() {
	versions := f.look()
	if unchanged(f.versions, versions) {
		f.fault = nil
		return
	}
	value, err := f.load()
	if f.fault = err; err == nil {
		f.keep(value, versions)
		f.changes++
	}
}

// Changes looks at the files and returns how often the value has changed: what
// was made of it is stale when the number is another one.
func (f *Files[T]) Changes() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.changes
}

func (f *Files[T]) keep(value T, versions []version) {
	f.value, f.versions = func() T { return value }, versions
}

// Fault says why the last Get returned an older value than the files' present
// one; nil when it did not.
func (f *Files[T]) Fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// Format keeps the value out of every print.
func (f *Files[T]) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "files %v", f.paths) }

func (f *Files[T]) look() []version {
	versions := make([]version, len(f.paths))
	for i, path := range f.paths {
		versions[i] = versionOf(path)
	}
	return versions
}

// version tells whether a file has been written or exchanged.
type version struct{ info os.FileInfo }

// versionOf follows symbolic links, which is how mounted secrets are exchanged.
func versionOf(path string) version {
	info, err := os.Stat(path)
	if err != nil {
		return version{}
	}
	return version{info}
}

func unchanged(a, b []version) bool {
	for i := range a {
		if !a[i].same(b[i]) {
			return false
		}
	}
	return true
}

func (v version) same(o version) bool {
	if v.info == nil || o.info == nil {
		return v.info == nil && o.info == nil
	}
	return os.SameFile(v.info, o.info) && v.info.Size() == o.info.Size() && v.info.ModTime().Equal(o.info.ModTime())
}
