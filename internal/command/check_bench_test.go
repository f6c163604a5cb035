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
func TestLookingAtACommandAllocatesNothing(t *testing.T) {
	p, room := validInvoice(), make([]byte, 0, 64)
	allocs.AtMost(t, 0, func() {
		command.ReferenceHoldsPersonalData("order-2026-0001")
		p.Amount.AppendTo(room)
		p.DueDate.AppendTo(room)
	})
	for _, p := range validPayloads() {
		key, most := []byte(p.OrderingKey()), 0.0
		if p.Name() == command.CustomerCreate {
			most = 1 // its phone number has spaces
		}
		allocs.AtMost(t, most, func() {
			p.Validate(rules)
			p.HasKey(key)
			if w, ok := p.(command.Warner); ok {
				w.Warnings(rules)
			}
		})
	}
}
