package history

import (
	"encoding/hex"
	"strings"
	"testing"
)

// parseByTheLibrary says the same as parseID.
func parseByTheLibrary(text string) (k id, ok bool) {
	groups := strings.Split(text, "-")
	if len(groups) != 5 {
		return id{}, false
	}
	for i, length := range []int{8, 4, 4, 4, 12} {
		if len(groups[i]) != length {
			return id{}, false
		}
	}
	raw, err := hex.DecodeString(strings.Join(groups, ""))
	if err != nil {
		return id{}, false
	}
	return id{[16]byte(raw), 7}, true
}

func FuzzParseID(f *testing.F) {
	for _, text := range []string{
		"", "0190163d-8694-739b-aea5-966c26f8ad91", "0190163D-8694-739B-AEA5-966C26F8AD91",
		"0190163d-8694-739b-aea5-966c26f8ad9", "0190163d-8694-739b-aea5-966c26f8ad9g",
		"0190163d-8694-739b-aea5-966c26f8ad910", "0190163d08694-739b-aea5-966c26f8ad91",
		"0190163d86-94-739b-aea5-966c26f8ad91", "0190163d-8694-739b-aea5-966c26f8\xffd91",
		"------------------------------------",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, is := parseByTheLibrary(text)
		for name, parse := range map[string]func() (id, bool){
			"string": func() (id, bool) { return parseID(text, 7) },
			"bytes":  func() (id, bool) { return parseID([]byte(text), 7) },
		} {
			if got, ok := parse(); ok != is || ok && got != want {
				t.Errorf("%s %q: got %x, %t, want %x, %t", name, text, got, ok, want, is)
			}
		}
	})
}
