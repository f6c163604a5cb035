package command

// QueryLimit asks for a dealer's limits (contract section 3.4).
type QueryLimit struct {
	CompanyCode string // the bank's AssociationCode
	DealerCode  string // the bank's SubscriberNumber; leading zeros count
	// InvoicesMonth is the month whose invoices are included, as the first day
	// of that month.
	InvoicesMonth Date
	// CustomerNumber of the main company; 0 takes the configured one.
	CustomerNumber int64
}

// Name returns DBSLimitQuery.
func (*QueryLimit) Name() Name { return DBSLimitQuery }

// OrderingKey returns company|dealer.
func (p *QueryLimit) OrderingKey() string { return dealerKey(p.CompanyCode, p.DealerCode) }

func (*QueryLimit) payload() {}

func dealerKey(company, dealer string) string { return company + "|" + dealer }
