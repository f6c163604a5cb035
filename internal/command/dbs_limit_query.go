package command

// QueryLimit asks for a dealer's limits (contract section 3.4).
type QueryLimit struct {
	Opaque

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

// HasKey says whether key is company|dealer.
func (p *QueryLimit) HasKey(key []byte) bool { return isDealerKey(key, p.CompanyCode, p.DealerCode) }

func (*QueryLimit) payload() {}

// Validate runs the checks of contract section 3.4.
func (p *QueryLimit) Validate(Rules) Violations {
	var c check
	c.companyCode(p.CompanyCode)
	c.dealerCode(p.DealerCode)
	switch {
	case p.InvoicesMonth.IsZero():
		c.invalid("invoicesMonth", required)
	case p.InvoicesMonth.Day != 1:
		c.invalid("invoicesMonth", "must be the first day of its month")
	}
	c.notNegative("customerNumber", p.CustomerNumber)
	return c.found
}

// Warnings names a dealer code that puts a person into the record's key.
func (p *QueryLimit) Warnings(Rules) []string { return dealerWarnings(p.DealerCode) }

func dealerWarnings(dealer string) []string {
	if keyHoldsPersonalData(dealer) {
		return []string{"dealerCode looks like personal data, and it is part of the record's key"}
	}
	return nil
}

func dealerKey(company, dealer string) string { return company + "|" + dealer }

func isDealerKey(key []byte, company, dealer string) bool {
	bar := len(company)
	return len(key) == bar+1+len(dealer) &&
		string(key[:bar]) == company && key[bar] == '|' && string(key[bar+1:]) == dealer
}
