package banksim

import (
	"errors"
	"fmt"
)

// replay makes one line of a ledger file part of the bank: changes of the ledger
// as they were made, of calls the numbers alone.
func (b *Bank) replay(line LedgerLine) error {
	switch line.Event {
	case EventReset:
		b.ledger.reset(&b.cfg)
		return nil
	case EventArrived:
		return b.journal.skip(line.Call.Seq)
	case EventStarted, EventFinished:
		return nil
	}
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	e, err := b.ledger.recall(&line)
	if err == nil {
		e.apply(b.ledger)
	}
	return err
}

// skip has the numbers of calls go on after seq.
func (j *journal) skip(seq uint64) error {
	if seq < j.next {
		return fmt.Errorf("call %d arrived after call %d", seq, j.next-1)
	}
	j.first, j.next = seq+1, seq+1
	return nil
}

// recall turns a line back into the entry that wrote it.
func (l *ledger) recall(line *LedgerLine) (entry, error) {
	switch line.Event {
	case EventInvoice:
		return l.recallInvoice(line.Invoice)
	case EventFlow:
		return l.recallFlow(line)
	case EventLoan:
		return incomeSubmitted{Application: line.Loan.ApplicationNumber, At: line.At}, nil
	}
	dealer := *line.Dealer
	dealer.Name = "Bayi " + dealer.Code
	if known := l.dealers[dealerKey{dealer.Company, dealer.Code}]; known != nil {
		dealer.Name = known.Name
	}
	return dealerSet{Dealer: dealer}, nil
}

func (l *ledger) recallInvoice(c *InvoiceChange) (entry, error) {
	key := invoiceKey{c.Invoice.Company, c.Invoice.Dealer, c.Invoice.Number}
	account := l.dealers[dealerKey{key.company, key.dealer}]
	if account == nil {
		return nil, fmt.Errorf("no dealer %q of company %q", key.dealer, key.company)
	}
	if c.Change == ChangeRefused {
		if l.invoices[key] == nil {
			return nil, errors.New("a refusal of an invoice that is not there")
		}
		return invoiceRefused{Key: key, Op: c.Asked}, nil
	}
	if c.DebitCurrency != "" {
		if _, there := account.balance(c.DebitCurrency); !there {
			return nil, fmt.Errorf("dealer %q has no account in %s", key.dealer, c.DebitCurrency)
		}
	}
	return invoicePosted{
		State: c.Invoice, Op: c.Asked,
		Debit: c.Debit, DebitCurrency: c.DebitCurrency, Drawn: c.Drawn, Reference: c.Reference,
	}, nil
}

func (l *ledger) recallFlow(line *LedgerLine) (entry, error) {
	c := line.Flow
	if known := l.processes[c.ProcessID] != nil; known == (c.Change == ChangeCreated) {
		return nil, fmt.Errorf("process %d: %s, known before: %v", c.ProcessID, c.Change, known)
	}
	switch c.Change {
	case ChangeCreated:
		return flowStarted{Person: c.Person, Process: c.ProcessID, Customer: c.CustomerID, At: line.At}, nil
	case ChangeUpdated:
		session := ""
		if line.By != nil {
			session = line.By.ChannelSessionID
		}
		return flowUpdated{Process: c.ProcessID, Session: session}, nil
	case ChangeCompleted:
		return flowCompleted{Process: c.ProcessID, At: line.At}, nil
	case ChangeRefused:
		return completionRefused{Process: c.ProcessID}, nil
	}
	return nil, fmt.Errorf("process %d: unknown change %q", c.ProcessID, c.Change)
}
