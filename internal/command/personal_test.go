package command_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"bankprocessor/internal/command"
)

var (
	digitRuns = regexp.MustCompile(`[0-9]+`)
	address   = regexp.MustCompile(`^[^@]+@.*[^.].*\..*[^.]`)
)

// personal is the rule as it is read aloud: words and runs of digits, taken apart
// first and judged then.
func personal(s string) bool {
	if _, err := command.ParseID(s); err == nil {
		return false
	}
	gap := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	return slices.ContainsFunc(strings.FieldsFunc(s, gap), address.MatchString) ||
		slices.ContainsFunc(digitRuns.FindAllString(s, -1), func(run string) bool {
			return len(run) == 11 && command.ValidTCKN(run) || len(run) == 12 && strings.HasPrefix(run, "905")
		})
}

func FuzzPersonalDataAgainstTheRule(f *testing.F) {
	for _, s := range []string{
		"", "order-2026-0001", "10000000146", "x10000000146y", "110000000146", "100000001460", "905559999999",
		"+905559999999.", "9055599999990", "ayse@example.com", "a b@c d", "@example.com", "a@..", "a@b.", "a@.b.c.",
		"a@b@c.d", "one\u00a0ayse@example.com\u0085two", "١٠٠٠٠٠٠٠١٤٦", "\xff10000000146", "a@b\xff.c",
		"7b0c1f0e-9a51-4c3f-8a0d-1f2e3d4c5b6a", "10000000-0146-4c3f-8a0d-905559999999",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := command.ReferenceHoldsPersonalData(s); got != personal(s) {
			t.Errorf("%q holds personal data: %t, want %t", s, got, !got)
		}
	})
}

func FuzzKeysAgainstOrderingKeys(f *testing.F) {
	f.Add("SOLEN", "0222", int64(89999999), []byte("SOLEN|0222"))
	f.Add("", "", int64(0), []byte("0"))
	f.Add("a|b", "c", int64(-1), []byte("a|b|c"))
	f.Add("a", "", int64(1), []byte("a|"))
	f.Add("a", "b", int64(1), []byte("ab|"))
	f.Add("", "", int64(-9223372036854775808), []byte("-9223372036854775808"))
	f.Fuzz(func(t *testing.T, company, dealer string, number int64, key []byte) {
		for _, p := range []command.Payload{
			&command.CreateCustomer{FlowReference: company}, &command.UpdateCustomer{FlowReference: company},
			&command.CompleteCustomer{FlowReference: company}, &command.QueryInvoiceResults{CompanyCode: company},
			&command.QueryLimit{CompanyCode: company, DealerCode: dealer},
			&command.Invoice{CompanyCode: company, DealerCode: dealer}, &command.SubmitIncome{ApplicationNumber: number},
		} {
			if own := p.OrderingKey(); !p.HasKey([]byte(own)) || p.HasKey(key) != (string(key) == own) {
				t.Errorf("%s has key %q: %t; its own is %q", p.Name(), key, p.HasKey(key), own)
			}
		}
	})
}
