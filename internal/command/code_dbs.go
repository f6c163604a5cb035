package command

// Codes of DBS companies and dealers (contract section 5.1). The bank's 107, 204
// and 304 are one fact in three methods and share CodeCompanyUnknown.
const (
	CodeCompanyUnknown                  Code = "dbs.company.unknown"
	CodeCompanyCurrencyChannelUndefined Code = "dbs.company.currency_channel_undefined"
	CodeDealerInsufficientBalance       Code = "dbs.dealer.insufficient_balance"
	CodeDealerPaymentOrderMissing       Code = "dbs.dealer.payment_order_missing"
	CodeDealerIDMissing                 Code = "dbs.dealer.id_missing"
	CodeDealerIDTooLong                 Code = "dbs.dealer.id_too_long"
	CodeDealerAccountInvalid            Code = "dbs.dealer.account_invalid"
	CodeDealerOverdraftUndefined        Code = "dbs.dealer.overdraft_undefined"
	CodeDealerLimitExceeded             Code = "dbs.dealer.limit_exceeded"
	CodeDealerLimitUndefined            Code = "dbs.dealer.limit_undefined"
	CodeDealerFXAccountUndefined        Code = "dbs.dealer.fx_account_undefined"
)

// Codes of invoices that the bank's answer decides on alone (contract section
// 5.1).
const (
	CodeInvoiceDebitCreditTypeMissing Code = "dbs.invoice.debit_credit_type_missing"
	CodeInvoiceOperationTypeMissing   Code = "dbs.invoice.operation_type_missing"
	CodeInvoiceMaturityTypeMissing    Code = "dbs.invoice.maturity_type_missing"
	CodeInvoiceDuplicatePaidTerm      Code = "dbs.invoice.duplicate_paid_term"
	CodeInvoiceDuplicatePaidAdvance   Code = "dbs.invoice.duplicate_paid_advance"
	CodeInvoiceNumberMissing          Code = "dbs.invoice.number_missing"
	CodeInvoiceNumberTooLong          Code = "dbs.invoice.number_too_long"
	CodeInvoiceDelayedDueBeforeDue    Code = "dbs.invoice.delayed_due_before_due"
	CodeInvoiceAmountNotPositive      Code = "dbs.invoice.amount_not_positive"
	CodeInvoiceAdvancePartiallyPaid   Code = "dbs.invoice.advance_partially_paid"
	CodeInvoiceCurrencyInvalid        Code = "dbs.invoice.invoice_currency_invalid"
	CodeInvoicePaymentCurrencyInvalid Code = "dbs.invoice.payment_currency_invalid"
)

// Codes of the DBS bank's own faults (contract sections 5.1 and 5.2).
const (
	CodeDBSBankBlockFailed               Code = "dbs.bank.block_failed"
	CodeDBSBankRecordFailed              Code = "dbs.bank.record_failed"
	CodeDBSBankAdvancePaymentFailed      Code = "dbs.bank.advance_payment_failed"
	CodeDBSBankAdvanceVerificationFailed Code = "dbs.bank.advance_verification_failed"
	CodeDBSBankFXAccountLookupFailed     Code = "dbs.bank.fx_account_lookup_failed"
	CodeDBSBankUnexpectedError           Code = "dbs.bank.unexpected_error"
	CodeDBSBankCodeUnknown               Code = "dbs.bank.code_unknown"
)

// Codes of the two DBS queries (contract section 5.2).
const (
	CodeLimitListed          Code = "dbs.limit.listed"
	CodeLimitNotFound        Code = "dbs.limit.not_found"
	CodeResultsListed        Code = "dbs.results.listed"
	CodeResultsEmpty         Code = "dbs.results.empty"
	CodeResultsRangeInverted Code = "dbs.results.range_inverted"
	CodeResultsRangeTooLong  Code = "dbs.results.range_too_long"
)
