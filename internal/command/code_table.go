package command

import "slices"

// CodeInfo documents one code.
type CodeInfo struct {
	Code     Code
	Category Category
	// Statuses are the statuses that the code is seen with.
	Statuses []Status
	// Meaning says in one line what happened.
	Meaning string
}

// Codes lists every code in the order in which the documents list them. The
// slice is the caller's own.
func Codes() []CodeInfo { return slices.Clone(codeTable) }

// Known says whether c is a code of the vocabulary.
func Known(c Code) bool {
	_, ok := known[c]
	return ok
}

func info(c Code, category Category, meaning string, statuses ...Status) CodeInfo {
	return CodeInfo{Code: c, Category: category, Statuses: statuses, Meaning: meaning}
}

var codeTable = slices.Concat(localCodes, customerCodes, invoiceCodes, dbsCodes, loanCodes, transportCodes, operatorCodes)

var known = func() map[Code]struct{} {
	all := make(map[Code]struct{}, len(codeTable))
	for _, i := range codeTable {
		all[i.Code] = struct{}{}
	}
	return all
}()

var localCodes = []CodeInfo{
	info(CodeCommandUndecodable, CategoryValidation, "the command's bytes cannot be read", Rejected),
	info(CodeCommandSchemaMismatch, CategoryValidation, "the bytes are of another command than the topic's", Rejected),
	info(CodeCommandInvalid, CategoryValidation, "local checks failed; the violations list the fields", Rejected),
	info(CodeCommandExpired, CategoryValidation, "the command was past its expiry before it was sent", Rejected),
	info(CodeCommandIDReused, CategoryValidation, "another command with the same commandId has its outcome; a dead letter, and no outcome of its own", Rejected),
	info(CodeConsentMissing, CategoryValidation, "KVKK consent is not given; nothing was sent", Rejected),
	info(CodeIdentityChecksum, CategoryValidation, "the identity number fails its checksum", Rejected),
	info(CodePhoneInvalid, CategoryValidation, "the phone number is not a Turkish mobile number", Rejected),
	info(CodeRetriesExhausted, CategoryTransport, "the retry budget is spent", Failed, InDoubt),
	info(CodeInternalError, CategoryProtocol, "a fault of the processor's own; its log has the stack", Failed, InDoubt),
}

var operatorCodes = []CodeInfo{
	info(CodeOperatorConfirmed, CategoryOK, "a person has found that the bank has done it", Succeeded),
	info(CodeOperatorRejected, CategoryBusiness, "a person has found that the bank has refused it", Rejected),
	info(CodeOperatorNotApplied, CategoryProtocol, "a person has found that the bank has not done it", Failed),
}

var customerCodes = []CodeInfo{
	info(CodeCustomerCreated, CategoryOK, "the customer flow exists", Succeeded),
	info(CodeCustomerUpdated, CategoryOK, "the customer's information is replaced", Succeeded),
	info(CodeCustomerCompleted, CategoryOK, "the flow is completed", Succeeded),
	info(CodeCustomerStateUnrecognized, CategoryProtocol, "the bank's State is not 2", Pending, InDoubt),
}

var invoiceCodes = []CodeInfo{
	info(CodeInvoiceAccepted, CategoryOK, "the invoice is recorded", Succeeded),
	info(CodeInvoiceUpdated, CategoryOK, "the invoice is updated", Succeeded),
	info(CodeInvoiceCancelled, CategoryOK, "the invoice is cancelled", Succeeded),
	info(CodeInvoiceAlreadyRecorded, CategoryDuplicate, "the same invoice is already recorded with the same content", Succeeded, Rejected, InDoubt),
	info(CodeInvoiceDuplicateConflict, CategoryDuplicate, "the invoice number is recorded with other content", Rejected),
	info(CodeInvoiceDuplicatePaidTerm, CategoryDuplicate, "108: a paid term invoice has this number", Rejected, InDoubt),
	info(CodeInvoiceDuplicatePaidAdvance, CategoryDuplicate, "109: a paid advance invoice has this number", Rejected, InDoubt),
	info(CodeInvoicePreviouslyCancelled, CategoryDuplicate, "110: the invoice was cancelled before", Rejected, InDoubt),
	info(CodeInvoiceNotFound, CategoryNotFound, "128: there is no invoice to update or cancel", Rejected, InDoubt),
	info(CodeInvoiceStateUnconfirmed, CategoryProtocol, "code 000, but State is not 2", Pending, InDoubt),
	info(CodeInvoiceUnresolved, CategoryProtocol, "reconciliation could not decide", InDoubt),
	info(CodeInvoiceOperation, CategoryValidation, "the operation is not INSERT, UPDATE, CANCEL or UPSERT", Rejected),
	info(CodeInvoiceDebitCreditTypeMissing, CategoryValidation, "104: the debit or credit type is missing", Rejected),
	info(CodeInvoiceOperationTypeMissing, CategoryValidation, "105: the operation type is missing", Rejected),
	info(CodeInvoiceMaturityTypeMissing, CategoryValidation, "123: the maturity type is missing", Rejected),
	info(CodeInvoiceNumberTooLong, CategoryValidation, "112: the invoice number has more than 40 characters", Rejected),
	info(CodeInvoiceNumberMissing, CategoryValidation, "113: the invoice number is empty", Rejected),
	info(CodeInvoiceDueNotFuture, CategoryValidation, "120: a term invoice's due date is not after today", Rejected),
	info(CodeInvoiceAdvanceNotToday, CategoryValidation, "121: an advance invoice's due date is not today", Rejected),
	info(CodeInvoiceDelayedDueBeforeDue, CategoryValidation, "122: the delayed due date is before the due date", Rejected),
	info(CodeInvoiceAmountNotPositive, CategoryValidation, "126: the amount is not above 0", Rejected),
	info(CodeInvoiceAdvanceFixed, CategoryValidation, "127: an advance invoice cannot be updated or cancelled", Rejected),
	info(CodeInvoiceAdvancePartiallyPaid, CategoryBusiness, "130: an advance invoice was paid in part", Partial),
	info(CodeInvoiceCurrencyInvalid, CategoryValidation, "134: the invoice currency is not valid", Rejected),
	info(CodeInvoicePaymentCurrencyInvalid, CategoryValidation, "135: the payment currency is not valid", Rejected),
}

var dbsCodes = []CodeInfo{
	info(CodeCompanyUnknown, CategoryConfiguration, "107, 204, 304: the bank does not know the company code", Rejected),
	info(CodeCompanyCurrencyChannelUndefined, CategoryConfiguration, "103: the company has no collection channel for the currency", Rejected),
	info(CodeDealerInsufficientBalance, CategoryBusiness, "101: the dealer's balance does not cover the advance payment", Rejected),
	info(CodeDealerPaymentOrderMissing, CategoryConfiguration, "102: the dealer has no valid payment order", Rejected),
	info(CodeDealerIDTooLong, CategoryValidation, "111: the dealer code has more than 40 characters", Rejected),
	info(CodeDealerIDMissing, CategoryValidation, "114: the dealer code is empty", Rejected),
	info(CodeDealerAccountInvalid, CategoryConfiguration, "115: the dealer's account is undefined or closed", Rejected),
	info(CodeDealerOverdraftUndefined, CategoryConfiguration, "116: the dealer's overdraft account is undefined", Rejected),
	info(CodeDealerLimitExceeded, CategoryBusiness, "129: the amount exceeds the dealer's limit", Rejected),
	info(CodeDealerLimitUndefined, CategoryConfiguration, "131: the dealer has no limit", Rejected),
	info(CodeDealerFXAccountUndefined, CategoryConfiguration, "132: the dealer has no account in the currency", Rejected),
	info(CodeDBSBankBlockFailed, CategoryBankError, "117: blocking the dealer's account failed", Failed, InDoubt),
	info(CodeDBSBankRecordFailed, CategoryBankError, "118: recording the term invoice failed", Failed, InDoubt),
	info(CodeDBSBankAdvancePaymentFailed, CategoryBankError, "119: the advance payment failed; money may have moved", InDoubt),
	info(CodeDBSBankAdvanceVerificationFailed, CategoryBankError, "125: the advance payment could not be verified", InDoubt),
	info(CodeDBSBankFXAccountLookupFailed, CategoryBankError, "133: reading the dealer's foreign currency account failed", Failed, InDoubt),
	info(CodeDBSBankUnexpectedError, CategoryBankError, "999: the bank's unexpected error", Failed, InDoubt),
	info(CodeDBSBankCodeUnknown, CategoryProtocol, "the bank's code is not in the table", Failed, InDoubt),
	info(CodeLimitListed, CategoryOK, "the limits are listed", Succeeded),
	info(CodeLimitNotFound, CategoryNotFound, "301: no such dealer, or no limit", Rejected),
	info(CodeResultsListed, CategoryOK, "the invoice results are listed", Succeeded),
	info(CodeResultsEmpty, CategoryOK, "201: no invoice falls due in the range", Succeeded),
	info(CodeResultsRangeInverted, CategoryValidation, "202: the range ends before it starts", Rejected),
	info(CodeResultsRangeTooLong, CategoryValidation, "203: the range has more days than allowed", Rejected),
}

var loanCodes = []CodeInfo{
	info(CodeLoanIncomeAccepted, CategoryOK, "the income is taken and an offer came back", Succeeded),
	info(CodeLoanRequestMalformed, CategoryValidation, "ACBG000007: the bank cannot read the request", Rejected),
	info(CodeLoanBankError, CategoryBankError, "ACBG000008: the bank's system error", InDoubt),
	info(CodeLoanServiceUnavailable, CategoryBankError, "ACBG000009: the service is not available", Failed),
	info(CodeLoanIdentityInvalid, CategoryValidation, "ACBH000101, ACBH000146: the bank refuses the identity number", Rejected),
	info(CodeLoanBankRejected, CategoryBusiness, "another ACBH code: the bank's business refusal", Rejected),
	info(CodeLoanCodeUnknown, CategoryProtocol, "the bank's code is not in the table", InDoubt),
	info(CodeGatewayTokenInvalid, CategoryAuth, "ACBG000001, ACBG000002: the token is refused", Failed),
	info(CodeGatewayPlanLimit, CategoryThrottled, "ACBG000003, ACBG000004: the plan's quota is spent", Failed),
	info(CodeGatewaySecretInvalid, CategoryAuth, "ACBG000005: the secret is refused; five refusals lock the app", Failed),
	info(CodeGatewayAppLocked, CategoryAuth, "ACBG000006: the app is locked", Failed),
	info(CodeGatewayIPNotAllowed, CategoryAuth, "ACBG000010: our address is not allowed", Failed),
}

var transportCodes = []CodeInfo{
	info(CodeInterAPIRequestMalformed, CategoryValidation, "the platform cannot read the request", Rejected),
	info(CodeInterAPIClosed, CategoryBankError, "90012, 90020: the service is closed at this hour", Failed),
	info(CodeInterAPIPlatformError, CategoryBankError, "the platform's error", Failed, InDoubt),
	info(CodeBankUnreachable, CategoryTransport, "nothing was sent: breaker, dial or DNS", Failed),
	info(CodeBankTLSRefused, CategoryConfiguration, "nothing was sent: one side refuses the TLS handshake", Failed),
	info(CodeBankNoAnswer, CategoryTransport, "the request may have left, and no answer came", Failed, InDoubt),
	info(CodeBankAnswerUnreadable, CategoryProtocol, "the answer is HTML, empty, bad JSON or too large", Failed, InDoubt),
	info(CodeBankHTTPError, CategoryBankError, "HTTP 5xx or 408", Failed, InDoubt),
	info(CodeBankRefusedRequest, CategoryValidation, "HTTP 400 without envelope, 409, 413 or 422", Rejected),
	info(CodeBankRedirected, CategoryConfiguration, "HTTP 3xx; redirects are never followed", Failed),
	info(CodeBankMisconfigured, CategoryConfiguration, "HTTP 404, 405 or 415: the path map is wrong", Failed),
	info(CodeGatewayThrottled, CategoryThrottled, "HTTP 429, or 403 with Retry-After", Failed),
	info(CodeGatewayUnauthorized, CategoryAuth, "HTTP 401 after one token refresh", Failed),
	info(CodeGatewayForbidden, CategoryAuth, "HTTP 403 without Retry-After", Failed),
}
