package command_test

import (
	"testing"

	"bankprocessor/internal/command"
)

func BenchmarkValidInvoice(b *testing.B) {
	p := validInvoice()
	b.ReportAllocs()
	for b.Loop() {
		if len(p.Validate(rules)) > 0 || len(p.Warnings(rules)) > 0 {
			b.Fatal("want a valid invoice")
		}
	}
}

// What every command costs must not come back unseen.
func TestLookingAtAnInvoiceAllocatesNothing(t *testing.T) {
	p, key, room := validInvoice(), []byte("SOLEN|0222"), make([]byte, 0, 64)
	for name, look := range map[string]func(){
		"Validate":   func() { p.Validate(rules) },
		"Warnings":   func() { p.Warnings(rules) },
		"HasKey":     func() { p.HasKey(key) },
		"references": func() { command.ReferenceHoldsPersonalData("order-2026-0001") },
		"amounts":    func() { p.Amount.AppendTo(room) },
		"days":       func() { p.DueDate.AppendTo(room) },
	} {
		if n := testing.AllocsPerRun(100, look); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
