package command

// InvoiceOperation is what an invoice command wants done.
type InvoiceOperation string

// The four operations (contract section 11.6). UPSERT inserts, and updates when
// the bank says that the invoice exists with other content or was cancelled.
const (
	InsertInvoice InvoiceOperation = "INSERT"
	UpdateInvoice InvoiceOperation = "UPDATE"
	CancelInvoice InvoiceOperation = "CANCEL"
	UpsertInvoice InvoiceOperation = "UPSERT"
)

// Maturity is when an invoice is debited.
type Maturity string

// Term invoices are debited on their due date, advance invoices at once.
const (
	Term    Maturity = "TERM"
	Advance Maturity = "ADVANCE"
)

// EntryType is the side of the entry.
type EntryType string

// Debit is the only side that the bank is known to take; Credit is refused
// locally until the bank confirms it (contract section 3.5).
const (
	Debit  EntryType = "DEBIT"
	Credit EntryType = "CREDIT"
)

// Blockage is the additional control of invoice uploads that follows the
// institution's definitions; empty leaves it to the bank.
type Blockage string

// The values of Blockage.
const (
	BlockageDefault  Blockage = ""
	BlockageIncluded Blockage = "INCLUDED"
	BlockageExcluded Blockage = "EXCLUDED"
)

// Invoice records, changes or cancels one invoice (contract
// section 3.5).
type Invoice struct {
	Opaque

	Operation       InvoiceOperation
	CompanyCode     string // the bank's AssociationCode
	DealerCode      string // the bank's SubscriberNumber; leading zeros count
	InvoiceNumber   string
	InvoiceCurrency string // ISO 4217
	PaymentCurrency string // ISO 4217
	InvoiceDate     Date
	Amount          *Decimal // in InvoiceCurrency, > 0, at most 2 digits after the point
	DueDate         Date     // the bank's LastPaymentDate
	// PreviousDueDate helps a reconciliation of an update that moves the due
	// date; may be zero.
	PreviousDueDate Date
	Maturity        Maturity
	EntryType       EntryType // Debit unless the event says otherwise
	Blockage        Blockage
	ParametricCode  string
	Explanation     string  // at most 200 characters, no personal data
	DealerName      Private // optional
	DealerSurname   Private // optional
	// CustomerNumber of the main company; 0 takes the configured one.
	CustomerNumber int64
}

// Name returns DBSInvoiceUpsert.
func (*Invoice) Name() Name { return DBSInvoiceUpsert }

// OrderingKey returns company|dealer: limits run per dealer.
func (p *Invoice) OrderingKey() string { return dealerKey(p.CompanyCode, p.DealerCode) }

// HasKey says whether key is company|dealer.
func (p *Invoice) HasKey(key []byte) bool { return isDealerKey(key, p.CompanyCode, p.DealerCode) }

func (*Invoice) payload() {}
