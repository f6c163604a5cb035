package sealing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	privateMode os.FileMode = 0o600
	publicMode  os.FileMode = 0o644
)

// create writes a file that does not exist yet.
func create(path string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("keyset %s: %w", path, errExists)
	}
	if err != nil {
		return fmt.Errorf("creating keyset: %w", err)
	}
	return fill(f, text, mode)
}

// write writes a file that may exist.
func write(path string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return fmt.Errorf("writing keyset: %w", err)
	}
	return fill(f, text, mode)
}

// fill makes the content durable. The mode is set whatever the umask is.
func fill(f *os.File, text []byte, mode os.FileMode) error {
	_, err := f.Write(text)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing keyset: %w", err)
	}
	return nil
}

// exchange puts a file in another's place in one step, durably.
func exchange(next, path string) error {
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("exchanging keyset: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("exchanging keyset: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("exchanging keyset: %w", err)
	}
	return nil
}
