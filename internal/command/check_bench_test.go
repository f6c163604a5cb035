package command_test

import (
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"
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
	allocs.AtMost(t, 0, func() {
		p.Validate(rules)
		p.Warnings(rules)
		p.HasKey(key)
		command.ReferenceHoldsPersonalData("order-2026-0001")
		p.Amount.AppendTo(room)
		p.DueDate.AppendTo(room)
	})
}
