package command

// QueryInvoiceResults asks for the fate of a company's invoices whose due date
// lies in a range (contract section 3.6).
type QueryInvoiceResults struct {
	CompanyCode string // the bank's AssociationCode
	FromDueDate Date   // inclusive
	ToDueDate   Date   // inclusive
	// CustomerNumber of the main company; 0 takes the configured one.
	CustomerNumber int64
}

// Name returns DBSInvoiceResultsQuery.
func (*QueryInvoiceResults) Name() Name { return DBSInvoiceResultsQuery }

// OrderingKey returns the company.
func (p *QueryInvoiceResults) OrderingKey() string { return p.CompanyCode }

func (*QueryInvoiceResults) payload() {}
