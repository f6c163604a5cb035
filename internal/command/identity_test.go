package command_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

func TestValidTCKN(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"10000000146":   true,
		"19090909018":   true, // the difference of the tenth digit's rule is negative
		"10000000147":   false,
		"01234567890":   false,
		"1000000014":    false,
		"100000001460":  false,
		"1000000014a":   false,
		"١٠٠٠٠٠٠٠١٤٦":   false,
		"":              false,
		" 10000000146":  false,
		"-1000000014":   false,
		"99999999990":   true, // a foreigner's, computed
		"10000000146\n": false,
	} {
		if got := command.ValidTCKN(s); got != want {
			t.Errorf("ValidTCKN(%q) = %v, want %v", s, got, want)
		}
	}
}

// identityNumber computes the check digits as the rule is written, with a
// multiple of ten that keeps the difference positive.
func identityNumber(nine []int) string {
	odd := nine[0] + nine[2] + nine[4] + nine[6] + nine[8]
	even := nine[1] + nine[3] + nine[5] + nine[7]
	tenth := (7*odd + 1000 - even) % 10
	eleventh := (odd + even + tenth) % 10
	var b strings.Builder
	for _, d := range append(append([]int{}, nine...), tenth, eleventh) {
		fmt.Fprint(&b, d)
	}
	return b.String()
}

func TestTCKNProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nine := rapid.SliceOfN(rapid.IntRange(0, 9), 9, 9).Draw(t, "nine")
		nine[0] = rapid.IntRange(1, 9).Draw(t, "first")
		number := identityNumber(nine)
		if !command.ValidTCKN(number) {
			t.Fatalf("%s is refused", number)
		}
		at := rapid.IntRange(0, 10).Draw(t, "at")
		other := rapid.IntRange(1, 9).Draw(t, "by")
		wrong := []byte(number)
		wrong[at] = byte('0' + (int(wrong[at]-'0')+other)%10)
		if command.ValidTCKN(string(wrong)) {
			t.Fatalf("%s with digit %d changed to %s is accepted", number, at, wrong)
		}
	})
}

func TestNormalizePhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[command.Private]string{
		"+90 555 999 99 99": "5559999999",
		"+905559999999":     "5559999999",
		"905559999999":      "5559999999",
		"05559999999":       "5559999999",
		"0555 999 99 99":    "5559999999",
		"5559999999":        "5559999999",
		" 5559999999 ":      "5559999999",
		"2129999999":        "",
		"02129999999":       "",
		"555999999":         "",
		"55599999999":       "",
		"+15559999999":      "",
		"++905559999999":    "",
		"555-999-9999":      "",
		"٥٥٥٩٩٩٩٩٩٩":        "",
		"":                  "",
		"0905559999999":     "",
	} {
		digits, ok := command.NationalPhone(in)
		if digits.Reveal() != want || ok != (want != "") {
			t.Errorf("NationalPhone(%q) = %q, %v, want %q", in.Reveal(), digits.Reveal(), ok, want)
		}
		if want != "" {
			want = "+90" + want
		}
		if e164, ok := command.NormalizePhone(in); e164.Reveal() != want || ok != (want != "") {
			t.Errorf("NormalizePhone(%q) = %q, %v, want %q", in.Reveal(), e164.Reveal(), ok, want)
		}
	}
}

func TestNormalizePhoneIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`5[0-9]{9}`).Draw(t, "digits")
		prefix := rapid.SampledFrom([]string{"", "0", "90", "+90"}).Draw(t, "prefix")
		once, ok := command.NormalizePhone(command.Private(prefix + digits))
		if !ok || once.Reveal() != "+90"+digits {
			t.Fatalf("%s%s gives %s, %v", prefix, digits, once.Reveal(), ok)
		}
		if twice, ok := command.NormalizePhone(once); !ok || twice != once {
			t.Fatalf("%s gives %s, %v", once.Reveal(), twice.Reveal(), ok)
		}
	})
}

func TestParseID(t *testing.T) {
	t.Parallel()
	const canonical = "0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10"
	for in, want := range map[string]string{
		canonical:                              canonical,
		strings.ToUpper(canonical):             canonical,
		"{" + canonical + "}":                  "",
		strings.ReplaceAll(canonical, "-", ""): "",
		"urn:uuid:" + canonical:                "",
		"0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a1g": "",
		"0b7d9c0e05f0a-5d7e-8a53-6f2f6c1f7a10": "",
		"00000000-0000-0000-0000-000000000000": "",
		"":                                     "",
		canonical + " ":                        "",
	} {
		got, err := command.ParseID(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseID(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}
