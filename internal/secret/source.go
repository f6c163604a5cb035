package secret

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"bankprocessor/internal/follow"
)

// Source says where a secret stands: a file or an environment variable, never
// the configuration itself.
type Source struct {
	// File is a path; a line end at the end of the file is not part of the
	// secret.
	File string `yaml:"file"`
	// Env is the name of an environment variable.
	Env string `yaml:"env"`
}

// IsZero says whether no source is given.
func (s Source) IsZero() bool { return s == Source{} }

// variable is what a variable may be called. Anything else may be the secret
// itself, in the wrong place, and is not repeated.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate refuses a source that names both a file and a variable, or a variable
// that cannot be one.
func (s Source) Validate() error {
	switch {
	case s.File != "" && s.Env != "":
		return errors.New("want file or env, not both")
	case s.Env != "" && !variable.MatchString(s.Env):
		return errors.New("want the name of a variable in env: letters, digits and _")
	}
	return nil
}

// Open reads the secret a first time. Errors name the file or variable, never
// its content.
func (s Source) Open() (*Live, error) {
	err := s.Validate()
	if err == nil && s.IsZero() {
		err = errors.New("want file or env")
	}
	l := &Live{}
	if err == nil {
		l.files, err = follow.Open(s.read, s.paths()...)
	}
	if err != nil {
		return nil, fmt.Errorf("reading secret: %w", err)
	}
	return l, nil
}

// paths are the files to follow. The environment of a process does not change
// from outside it.
func (s Source) paths() []string {
	if s.File == "" {
		return nil
	}
	return []string{s.File}
}

func (s Source) read() (Value, error) {
	if s.Env != "" {
		if value := os.Getenv(s.Env); value != "" {
			return Value(value), nil
		}
		return "", fmt.Errorf("environment variable %s is empty", s.Env)
	}
	content, err := os.ReadFile(s.File)
	if err != nil {
		return "", s.named(err)
	}
	value := strings.TrimRight(string(content), "\r\n")
	if value == "" {
		return "", fmt.Errorf("file %s is empty", s.File)
	}
	return Value(value), nil
}

// named keeps a name without a directory out of an error: it may be the secret
// itself, in the wrong place.
func (s Source) named(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok && !strings.ContainsRune(s.File, os.PathSeparator) {
		return fmt.Errorf("file, whose name has no directory and is withheld: %w", e.Err)
	}
	return err
}

// Live is a secret that follows its file. It is safe for concurrent use.
type Live struct{ files *follow.Files[Value] }

// Get returns the secret as its file has it now. While the file is away or
// empty, the last value stays.
func (l *Live) Get() Value { return l.files.Get() }

// Recent returns the secret as its file had it at most 20 ms ago: what every call
// shows is not worth a look at the file each time. What is refused when it is shown
// too often takes Get.
func (l *Live) Recent() Value { return l.files.Recent() }

// Changes returns how often the secret has changed, as of a look now.
func (l *Live) Changes() uint64 { return l.files.Changes() }

// Fault says why the last look at the file left an older secret in use than its
// present one; nil when it did not.
func (l *Live) Fault() error { return l.files.Fault() }

// Followed is the secret as a setting to watch over; section is the source's key.
func (l *Live) Followed(section string) follow.Setting {
	return follow.Setting{Path: section + ".file", Look: l.files.Look}
}

// Format masks the secret under every verb: fmt does not ask the methods of
// fields that are not exported.
func (l *Live) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }
