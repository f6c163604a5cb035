package command

import "strconv"

// QueryInvoiceResults asks for the fate of a company's invoices whose due date
// lies in a range (contract section 3.6).
type QueryInvoiceResults struct {
	Opaque

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

// HasKey says whether key is the company.
func (p *QueryInvoiceResults) HasKey(key []byte) bool { return string(key) == p.CompanyCode }

func (*QueryInvoiceResults) payload() {}

// Validate runs the checks of contract section 3.6. A range counts both of its
// ends.
func (p *QueryInvoiceResults) Validate(r Rules) Violations {
	var c check
	c.companyCode(p.CompanyCode)
	c.present("fromDueDate", !p.FromDueDate.IsZero())
	c.present("toDueDate", !p.ToDueDate.IsZero())
	if !p.FromDueDate.IsZero() && !p.ToDueDate.IsZero() {
		days := p.FromDueDate.DaysUntil(p.ToDueDate) + 1
		switch {
		case days < 1:
			c.fail("toDueDate", CodeResultsRangeInverted, "must not be before fromDueDate")
		case r.MaxRangeDays > 0 && days > r.MaxRangeDays:
			c.fail("toDueDate", CodeResultsRangeTooLong, "the range may have at most "+strconv.Itoa(r.MaxRangeDays)+" days")
		}
	}
	c.notNegative("customerNumber", p.CustomerNumber)
	return c.found
}
