package command

import "time"

// CustomerCreated answers customer.create (contract section 3.1). CustomerID is
// the customerNumber of the next two commands.
type CustomerCreated struct {
	Opaque

	ProcessID  PrivateInt
	CustomerID PrivateInt
}

// CustomerUpdated answers customer.update (contract section 3.2).
type CustomerUpdated struct {
	Opaque

	ProcessID      PrivateInt // 0 when the bank gave none
	CalculateLimit *bool
	// ProcessIDDiffers says that the bank echoed another process than the
	// command's; a warning, not a failure.
	ProcessIDDiffers bool
}

// CustomerCompleted answers customer.complete; the bank echoes nothing.
type CustomerCompleted struct{ Opaque }

// LimitList answers dbs.limit.query with the bank's raw values (contract
// section 3.4). Nothing is derived.
type LimitList struct {
	Opaque

	Rows []LimitRow
}

// LimitRow is one dealer's limits. A nil pointer or "" is the bank's null.
type LimitRow struct {
	Opaque

	CompanyCode         string
	DealerCode          string
	Limit               *Decimal
	Risk                *Decimal
	AvailableLimit      *Decimal
	FutureInvoiceAmount *Decimal
	AccountBranchCode   Private
	AccountNumber       Private
	AccountSuffix       Private
	DealerName          Private
	AccountBalance      *Decimal
	BlockedAmount       *Decimal
	AvailableBalance    *Decimal
}

// InvoiceRecorded answers dbs.invoice.upsert (contract section 3.5).
type InvoiceRecorded struct {
	Opaque

	ReferenceBranch int32 // 0 = none
	ReferenceNumber int64 // 0 = none
	ReferenceDate   Date  // zero = none
	TransactionID   string
	// AvailableLimit is the TRY amount that code 129 names, nil otherwise.
	AvailableLimit *Decimal
	// Paid says that the reconciliation found the invoice paid.
	Paid bool
	// Operation is the operation that decided: INSERT or UPDATE for an UPSERT.
	Operation InvoiceOperation
}

// InvoiceResultList answers dbs.invoice.results.query (contract section 3.6).
type InvoiceResultList struct {
	Opaque

	Rows []InvoiceResultRow
}

// PaymentStatus is the normalized StatusCode of an invoice row: "paid", "" for
// null, or "unknown:<raw>" for values that the bank does not document.
type PaymentStatus string

// PaymentPaid is StatusCode O.
const PaymentPaid PaymentStatus = "paid"

// RecordStatus says whether an invoice row is in force (FAQ 4).
type RecordStatus string

// The values of RecordStatus; "" is the bank's null and "unknown:<raw>" any
// other.
const (
	RecordActive  RecordStatus = "active"
	RecordPassive RecordStatus = "passive"
)

// InvoiceResultRow is one invoice. A nil pointer, zero date or "" is the bank's
// null.
type InvoiceResultRow struct {
	Opaque

	InvoiceNumber   string
	DealerCode      string
	DealerName      Private
	InvoiceDate     Date
	InvoiceAmount   *Decimal
	InvoiceCurrency string
	DueDate         Date
	PaymentDate     Date
	PaymentAmount   *Decimal
	PaymentCurrency string
	Payment         PaymentStatus
	Record          RecordStatus
	Maturity        Maturity // "" when null or unknown
	LastUpdated     time.Time
	Explanation     Private
}

// LoanOffer answers loan.income.submit (contract section 3.7). Every field may
// be nil: publish, never compute from them. Rates are monthly percent, Bsmv and
// Kkdf percent of the interest, AnnualCostRate annual percent.
type LoanOffer struct {
	Opaque

	ApplicationNumber           int64
	InternetDisplayType         *int64
	ProductDescription          string
	CreditAmount                *Decimal
	Maturity                    *int64 // months
	ContractInterestRate        *Decimal
	MonthlyInstallmentAmount    *Decimal
	InterestRate                *Decimal
	PricingBreakdownID          *int64
	CreditAllocationFees        *Decimal
	InsurancePremiumAmount      *Decimal
	AllocationFeesTaxesTotal    *Decimal
	DefaultInterestRate         *Decimal
	TopLevelAllocationRatio     *Decimal
	FirstInstallmentDate        Date
	AppraisalAmount             *Decimal
	Bsmv                        *Decimal
	Kkdf                        *Decimal
	GracePeriodInstallmentCount *int64
	PaymentPeriod               *int64
	InterestBalanceAmount       *Decimal
	AnnualCostRate              *Decimal
	ShowInsuranceFee            *int64
}

// Name returns CustomerCreate.
func (*CustomerCreated) Name() Name { return CustomerCreate }

// Name returns CustomerUpdate.
func (*CustomerUpdated) Name() Name { return CustomerUpdate }

// Name returns CustomerComplete.
func (*CustomerCompleted) Name() Name { return CustomerComplete }

// Name returns DBSLimitQuery.
func (*LimitList) Name() Name { return DBSLimitQuery }

// Name returns DBSInvoiceUpsert.
func (*InvoiceRecorded) Name() Name { return DBSInvoiceUpsert }

// Name returns DBSInvoiceResultsQuery.
func (*InvoiceResultList) Name() Name { return DBSInvoiceResultsQuery }

// Name returns LoanIncomeSubmit.
func (*LoanOffer) Name() Name { return LoanIncomeSubmit }

func (*CustomerCreated) result()   {}
func (*CustomerUpdated) result()   {}
func (*CustomerCompleted) result() {}
func (*LimitList) result()         {}
func (*InvoiceRecorded) result()   {}
func (*InvoiceResultList) result() {}
func (*LoanOffer) result()         {}
