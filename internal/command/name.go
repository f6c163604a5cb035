package command

// Name is a command's name, which is also its topic's name less the prefix.
type Name string

// The seven commands (design: "What it does").
const (
	CustomerCreate         Name = "customer.create"
	CustomerUpdate         Name = "customer.update"
	CustomerComplete       Name = "customer.complete"
	DBSLimitQuery          Name = "dbs.limit.query"
	DBSInvoiceUpsert       Name = "dbs.invoice.upsert"
	DBSInvoiceResultsQuery Name = "dbs.invoice.results.query"
	LoanIncomeSubmit       Name = "loan.income.submit"
)

// Names lists the seven commands in the order in which the documents list them.
// The slice is the caller's own.
func Names() []Name {
	return []Name{
		CustomerCreate, CustomerUpdate, CustomerComplete,
		DBSLimitQuery, DBSInvoiceUpsert, DBSInvoiceResultsQuery,
		LoanIncomeSubmit,
	}
}

// ParseName returns the command called s; ok is false for any other string.
func ParseName(s string) (name Name, ok bool) {
	n := Name(s)
	switch n {
	case CustomerCreate, CustomerUpdate, CustomerComplete,
		DBSLimitQuery, DBSInvoiceUpsert, DBSInvoiceResultsQuery, LoanIncomeSubmit:
		return n, true
	}
	return "", false
}

// FreelyRepeatable says whether the bank method may be called again without
// knowing what an earlier call did (contract section 6).
func (n Name) FreelyRepeatable() bool {
	switch n {
	case CustomerComplete, DBSInvoiceUpsert, LoanIncomeSubmit:
		return false
	}
	return true
}

// ReadOnly says whether the bank method changes nothing at the bank.
func (n Name) ReadOnly() bool {
	return n == DBSLimitQuery || n == DBSInvoiceResultsQuery
}

// Bank is one of the two banks.
type Bank string

// The two banks (contract section 1.1).
const (
	BankInterAPI Bank = "interapi"
	BankLoanAPI  Bank = "loanapi"
)

// Bank returns the bank that carries the command out.
func (n Name) Bank() Bank {
	if n == LoanIncomeSubmit {
		return BankLoanAPI
	}
	return BankInterAPI
}
