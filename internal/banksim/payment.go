package banksim

import (
	"errors"
	"fmt"
	"time"
)

// Payment is a payment of a term invoice.
type Payment struct {
	Company string `json:"company"`
	Dealer  string `json:"dealer"`
	Number  string `json:"invoiceNumber"`
	// Amount is in the payment currency; 0 pays all that is open. A part leaves
	// the invoice active with StatusCode K.
	Amount Money `json:"amount"`
}

// ErrPayment is wrapped by every refusal of PayInvoice.
var ErrPayment = errors.New("no payment")

// pay debits the dealer and frees the limit that the invoice held; what the
// balance does not cover is drawn on the credit limit.
func (l *ledger) pay(p Payment, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	invoice := l.invoices[invoiceKey{p.Company, p.Dealer, p.Number}]
	switch {
	case invoice == nil:
		return fmt.Errorf("finding the invoice: %w: there is none", ErrPayment)
	case invoice.RecordStatus == recordPassive, invoice.Maturity == "P", invoice.StatusCode == statusPaid:
		return fmt.Errorf("paying the invoice: %w: it is cancelled or paid", ErrPayment)
	}
	currency := invoice.PaymentCurrency
	owed := l.rates.convert(invoice.Amount, invoice.InvoiceCurrency, currency) - invoice.PaymentAmount
	if p.Amount == 0 {
		p.Amount = owed
	}
	if p.Amount < 0 || p.Amount > owed {
		return fmt.Errorf("paying the invoice: %w: more than is open", ErrPayment)
	}
	account := l.dealers[dealerKey{p.Company, p.Dealer}]
	balance, _ := account.balance(currency)
	debit := min(p.Amount, max(balance, 0))

	state := *invoice
	state.PaymentAmount += p.Amount
	state.PaymentDate = istanbulDay(at)
	state.StatusCode = statusPart
	state.Reserved -= min(state.Reserved, l.rates.convert(p.Amount, currency, try))
	if p.Amount == owed {
		state.StatusCode, state.Reserved = statusPaid, 0
	}
	l.post(nil, invoicePosted{
		State: state,
		Op:    Operation{At: at, Operation: "PAY", Amount: p.Amount, DueDate: invoice.DueDate, Applied: true},
		Debit: debit, DebitCurrency: currency, Drawn: l.rates.convert(p.Amount-debit, currency, try),
	})
	return nil
}
