package kafka

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Secret says where a secret stands; it never holds it. Exactly one of the
// fields is set.
type Secret struct {
	// File is a path; a line end at the end of the file is not part of the
	// secret.
	File string `yaml:"file"`
	// Env is the name of an environment variable.
	Env string `yaml:"env"`
}

var (
	errSecretPlace = errors.New("want exactly one of file and env")
	errSecretEmpty = errors.New("the secret is empty")
)

// read returns the secret as it stands now.
func (s Secret) read() (string, error) {
	if (s.File == "") == (s.Env == "") {
		return "", errSecretPlace
	}
	secret := os.Getenv(s.Env)
	if s.File != "" {
		b, err := os.ReadFile(s.File)
		if err != nil {
			return "", fmt.Errorf("reading secret: %w", err)
		}
		secret = strings.TrimRight(string(b), "\r\n")
	}
	if secret == "" {
		return "", errSecretEmpty
	}
	return secret, nil
}
