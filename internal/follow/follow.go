// Package follow keeps what was read from files in step with them, so that a
// renewed certificate, secret or key needs no restart.
package follow

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// remembered is how long Recent lets a look at the files answer for the next: what
// is used with every call is looked at fifty times a second and no more, and what
// has been renewed still counts sooner than whoever renews it could tell.
const remembered = 20 * time.Millisecond

// Files is a value that was read from files and is read again when one of them
// has changed. While the files cannot be read, or do not fit each other yet, the
// last good value stays. It is safe for concurrent use.
type Files[T any] struct {
	paths []string
	load  func() (T, error)
	// opened is the clock's zero, so that looked is a number.
	opened time.Time
	looked atomic.Int64 // when the last look began, in nanoseconds since opened
	// held prints as an address even where fmt cannot reach Format, in the fields of
	// other structs.
	held atomic.Pointer[held[T]]

	mu       sync.Mutex // of whoever looks
	versions []version
	fault    error
}

// held is a value and how often there was another before it. It is not changed.
type held[T any] struct {
	value   T
	changes uint64
}

// Open reads the value a first time; its error is load's.
func Open[T any](load func() (T, error), paths ...string) (*Files[T], error) {
	f := &Files[T]{paths: paths, load: load, opened: time.Now()}
	// The versions come first: a change after them shows at the next look.
	f.versions = f.look()
	value, err := load()
	if err != nil {
		return nil, err
	}
	f.held.Store(&held[T]{value: value})
	return f, nil
}

// Get returns the value as the files have it now, or as they last had it.
func (f *Files[T]) Get() T { return f.latest().value }

// Recent returns the value as the files had it at most 20 ms ago, or as they last
// had it. It is for what is used with every call: most calls of it look at nothing,
// take no lock and allocate nothing.
func (f *Files[T]) Recent() T { return f.recent().value }

// Changes looks at the files and returns how often the value has changed: what was
// made of it is stale when the number is another one.
func (f *Files[T]) Changes() uint64 { return f.latest().changes }

// RecentChanges is Changes as of at most 20 ms ago, at the cost of Recent.
func (f *Files[T]) RecentChanges() uint64 { return f.recent().changes }

// Look reads the files if they have changed by now. Its error says why what they
// hold now is not in use.
func (f *Files[T]) Look() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.fault
}

// Fault says why the last look found an older value to be in use than the files'
// present one; nil when it did not.
func (f *Files[T]) Fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// Format keeps the value out of every print.
func (f *Files[T]) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "files %v", f.paths) }

func (f *Files[T]) latest() *held[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.held.Load()
}

func (f *Files[T]) recent() *held[T] {
	if !f.fresh() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.fresh() { // nobody else has looked meanwhile
			f.refresh()
		}
	}
	return f.held.Load()
}

// fresh says whether the last look still answers. A clock that has gone back, as
// one from another synctest bubble has, is no proof that it does.
func (f *Files[T]) fresh() bool {
	age := time.Since(f.opened) - time.Duration(f.looked.Load())
	return len(f.paths) == 0 || 0 <= age && age < remembered
}

// refresh runs under mu. The look counts from its beginning: what changes while it
// lasts may have been missed.
func (f *Files[T]) refresh() {
	began := time.Since(f.opened)
	defer func() { f.looked.Store(int64(began)) }()
	versions := f.look()
	if unchanged(f.versions, versions) {
		f.fault = nil
		return
	}
	value, err := f.load()
	if f.fault = err; err == nil {
		f.held.Store(&held[T]{value: value, changes: f.held.Load().changes + 1})
		f.versions = versions
	}
}
