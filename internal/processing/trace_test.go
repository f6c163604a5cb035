package processing

import (
	"regexp"
	"testing"
)

var traceparentForm = regexp.MustCompile(`^(00-[0-9a-f]{32}-)([0-9a-f]{16})(-[0-9a-f]{2})$`)

func FuzzTraceparentAgainstItsForm(f *testing.F) {
	const well = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, header := range []string{
		well, well + "\n", well[1:], "01" + well[2:], "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g", "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
	} {
		f.Add([]byte(header))
	}
	zeros := regexp.MustCompile(`^00-0{32}-|-0{16}-..$`)
	f.Fuzz(func(t *testing.T, header []byte) {
		original := string(header)
		parts := traceparentForm.FindStringSubmatch(original)
		child := parseTraceparent(header).child()
		if parts == nil || zeros.MatchString(original) {
			if child != "" {
				t.Errorf("%q is no trace, and has the child %q", original, child)
			}
			return
		}
		got := traceparentForm.FindStringSubmatch(child)
		if got == nil || got[1] != parts[1] || got[3] != parts[3] || got[2] == parts[2] {
			t.Errorf("%q has the child %q: want the same trace and flags, and a new span", original, child)
		}
		if string(header) != original {
			t.Error("the record's header was written to")
		}
	})
}
