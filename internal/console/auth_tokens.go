package console

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"bankprocessor/internal/follow"
	"bankprocessor/internal/secret"
)

const (
	tokenBytes = 32
	// tokenPrefix lets a scanner for leaked secrets recognise one.
	tokenPrefix  = "processor_console_"
	digestScheme = "sha256:"
	// maxOperators bounds the file: every attempt is compared with every line.
	maxOperators = 1000
)

// digest is a token's SHA-256. A token has 256 random bits: its digest tells nothing.
type digest [sha256.Size]byte

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }

// Format keeps digests out of every print.
func (digest) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

var operatorName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// NewToken makes a token for an operator and the line of tokens_file that lets it in.
func NewToken(name string) (token secret.Value, line string, err error) {
	if !operatorName.MatchString(name) {
		return "", "", errors.New("want a name of 1 to 64 letters, digits and . _ @ -, beginning with a letter or digit")
	}
	random := make([]byte, tokenBytes)
	if _, err := rand.Read(random); err != nil {
		return "", "", fmt.Errorf("making token: %w", err)
	}
	text := tokenPrefix + base64.RawURLEncoding.EncodeToString(random)
	sum := digestOf(text)
	return secret.Value(text), name + " " + digestScheme + hex.EncodeToString(sum[:]), nil
}

// grant lets the holder of a token act under a name.
type grant struct {
	name string
	sum  digest
}

// grants are what tokens_file says. What cannot be read of it lets nobody in, and is
// the fault; the other lines stay good, so that a slip of the pen in one line does not
// keep a token alive that another line no longer has.
type grants struct {
	all   []grant
	fault error
}

// readGrants never fails, so that a file that is taken away takes its tokens with it.
func readGrants(path string) (grants, error) {
	file, err := os.Open(path)
	if err != nil {
		return grants{fault: err}, nil
	}
	defer func() { _ = file.Close() }() // it was read only
	info, err := file.Stat()
	switch {
	case err != nil:
		return grants{fault: err}, nil
	case !info.Mode().IsRegular():
		return grants{fault: fmt.Errorf("%s is no file", path)}, nil
	case info.Mode().Perm()&0o022 != 0:
		return grants{fault: fmt.Errorf("%s: others than its owner may write it (mode %04o): set mode 0644 or less", path, info.Mode().Perm())}, nil
	}
	var g grants
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if err := g.take(lines.Text()); err != nil {
			g.fault = errors.Join(g.fault, fmt.Errorf("%s, line %d: %w", path, n, err))
		}
	}
	g.fault = errors.Join(g.fault, lines.Err())
	return g, nil
}

func (g *grants) take(line string) error {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	fields := strings.Fields(line)
	if len(fields) != 2 || !operatorName.MatchString(fields[0]) {
		return errors.New("want NAME sha256:HEX, as `processor console token NAME` prints it") // the line may be a token
	}
	text, ok := strings.CutPrefix(fields[1], digestScheme)
	sum, err := hex.DecodeString(text)
	switch {
	case !ok || err != nil || len(sum) != sha256.Size:
		return errors.New("want sha256: and 64 hex digits after the name: the digest of a token, never the token")
	case len(g.all) == maxOperators:
		return fmt.Errorf("want at most %d lines", maxOperators)
	case g.holder(digest(sum)) != "":
		return errors.New("another line has the same digest: one token would have two names")
	}
	g.all = append(g.all, grant{fields[0], digest(sum)})
	return nil
}

// holder is the name that goes with a token, "" for none. It takes as long for every
// token.
func (g *grants) holder(sum digest) string {
	name := ""
	for _, one := range g.all {
		if subtle.ConstantTimeCompare(one.sum[:], sum[:]) == 1 {
			name = one.name
		}
	}
	return name
}

// tokens follow tokens_file.
type tokens struct {
	files *follow.Files[grants]
}

// openTokens reads the file a first time; then every fault is an error.
func openTokens(path string) (*tokens, error) {
	files, err := follow.Open(func() (grants, error) { return readGrants(path) }, path)
	if err != nil {
		return nil, err
	}
	if err := files.Get().fault; err != nil {
		return nil, fmt.Errorf("tokens_file: %w", err)
	}
	return &tokens{files}, nil
}

func (t *tokens) holder(sum digest) string {
	g := t.files.Get()
	return g.holder(sum)
}

// has says whether an operator still stands in the file.
func (t *tokens) has(name string) bool {
	return slices.ContainsFunc(t.files.Get().all, func(g grant) bool { return g.name == name })
}

// Check reads the tokens' file once, if there is one. Its error has every fault.
func (a Access) Check() error {
	if a.TokensFile == "" {
		return nil
	}
	_, err := openTokens(a.TokensFile)
	return err
}

// Followed is the tokens' file as a setting to watch over; section is the Config's key.
func (a Access) Followed(section string) []follow.Setting {
	if a.TokensFile == "" {
		return nil
	}
	t, err := openTokens(a.TokensFile)
	if err != nil {
		return nil
	}
	return []follow.Setting{{Path: section + ".tokens_file", Look: func() error { return t.files.Get().fault }}}
}
