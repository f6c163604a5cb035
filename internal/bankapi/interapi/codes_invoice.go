package interapi

import "bankprocessor/internal/command"

// invoiceAccepted is the one ErrorCode of a success (contract section 3.5); it
// needs State 2 beside it.
const invoiceAccepted = "000"

// invoiceTable is contract section 5.1 without 000. A code that is not in it,
// 124 among them, is invoiceUnknown.
var invoiceTable = map[string]command.Verdict{
	"101": refusal(command.CodeDealerInsufficientBalance, command.CategoryBusiness),
	"102": refusal(command.CodeDealerPaymentOrderMissing, command.CategoryConfiguration),
	"103": refusal(command.CodeCompanyCurrencyChannelUndefined, command.CategoryConfiguration),
	"104": ourFault(command.CodeInvoiceDebitCreditTypeMissing, command.CategoryValidation),
	"105": ourFault(command.CodeInvoiceOperationTypeMissing, command.CategoryValidation),
	"106": recordedBefore(command.CodeInvoiceAlreadyRecorded, command.CategoryDuplicate),
	"107": ourFault(command.CodeCompanyUnknown, command.CategoryConfiguration),
	"108": recordedBefore(command.CodeInvoiceDuplicatePaidTerm, command.CategoryDuplicate),
	"109": recordedBefore(command.CodeInvoiceDuplicatePaidAdvance, command.CategoryDuplicate),
	"110": recordedBefore(command.CodeInvoicePreviouslyCancelled, command.CategoryDuplicate),
	"111": refusal(command.CodeDealerIDTooLong, command.CategoryValidation),
	"112": refusal(command.CodeInvoiceNumberTooLong, command.CategoryValidation),
	"113": refusal(command.CodeInvoiceNumberMissing, command.CategoryValidation),
	"114": refusal(command.CodeDealerIDMissing, command.CategoryValidation),
	"115": refusal(command.CodeDealerAccountInvalid, command.CategoryConfiguration),
	"116": refusal(command.CodeDealerOverdraftUndefined, command.CategoryConfiguration),
	"117": bankFault(command.CodeDBSBankBlockFailed),
	"118": bankFault(command.CodeDBSBankRecordFailed),
	"119": moneyMoving(command.CodeDBSBankAdvancePaymentFailed),
	"120": refusal(command.CodeInvoiceDueNotFuture, command.CategoryValidation),
	"121": refusal(command.CodeInvoiceAdvanceNotToday, command.CategoryValidation),
	"122": ourFault(command.CodeInvoiceDelayedDueBeforeDue, command.CategoryValidation),
	"123": ourFault(command.CodeInvoiceMaturityTypeMissing, command.CategoryValidation),
	"125": moneyMoving(command.CodeDBSBankAdvanceVerificationFailed),
	"126": refusal(command.CodeInvoiceAmountNotPositive, command.CategoryValidation),
	"127": refusal(command.CodeInvoiceAdvanceFixed, command.CategoryValidation),
	"128": recordedBefore(command.CodeInvoiceNotFound, command.CategoryNotFound),
	"129": refusal(command.CodeDealerLimitExceeded, command.CategoryBusiness),
	"130": answered(command.Partial, command.CodeInvoiceAdvancePartiallyPaid, command.CategoryBusiness),
	"131": refusal(command.CodeDealerLimitUndefined, command.CategoryConfiguration),
	"132": refusal(command.CodeDealerFXAccountUndefined, command.CategoryConfiguration),
	"133": bankFault(command.CodeDBSBankFXAccountLookupFailed),
	"134": refusal(command.CodeInvoiceCurrencyInvalid, command.CategoryValidation),
	"135": refusal(command.CodeInvoicePaymentCurrencyInvalid, command.CategoryValidation),
	"999": bankFault(command.CodeDBSBankUnexpectedError),
}

// invoiceUnknown is the verdict on a code that is in no row: the table may be
// old.
var invoiceUnknown = command.Verdict{
	Status: command.InDoubt, Code: command.CodeDBSBankCodeUnknown, Category: command.CategoryProtocol,
	Retry: command.RetryReconcile, DeadLetter: true, Delivery: command.Answered,
	Detail: "the bank's code is in no table",
}

// invoiceUnconfirmed is 000 without State 2.
var invoiceUnconfirmed = command.Verdict{
	Status: command.Pending, Code: command.CodeInvoiceStateUnconfirmed, Category: command.CategoryProtocol,
	Retry: command.RetryReconcile, DeadLetter: true, Delivery: command.Answered,
	Detail: "code 000 without State 2",
}

// invoiceDone is what a success means, by operation.
var invoiceDone = map[command.InvoiceOperation]command.Code{
	command.InsertInvoice: command.CodeInvoiceAccepted,
	command.UpdateInvoice: command.CodeInvoiceUpdated,
	command.CancelInvoice: command.CodeInvoiceCancelled,
}

func answered(status command.Status, code command.Code, category command.Category) command.Verdict {
	return command.Verdict{Status: status, Code: code, Category: category, Delivery: command.Answered}
}

// refusal is final and nobody's fault.
func refusal(code command.Code, category command.Category) command.Verdict {
	return answered(command.Rejected, code, category)
}

// ourFault is a refusal that a person must look at: what we send or how we are
// set up is wrong.
func ourFault(code command.Code, category command.Category) command.Verdict {
	v := refusal(code, category)
	v.DeadLetter, v.Detail = true, "the bank refuses what only our mapping or configuration can have caused"
	return v
}

// recordedBefore is a refusal whose meaning depends on what was sent before: it
// may be the echo of our own first attempt (contract section 4).
func recordedBefore(code command.Code, category command.Category) command.Verdict {
	v := refusal(code, category)
	v.Retry = command.RetryReconcile
	return v
}

// bankFault is a fault of the bank's whose effect is unclear.
func bankFault(code command.Code) command.Verdict {
	v := answered(command.InDoubt, code, command.CategoryBankError)
	v.Retry, v.DeadLetter, v.BankFault, v.Detail = command.RetryReconcile, true, true, "the bank reports a fault of its own"
	return v
}

// moneyMoving is a bankFault during a payment: nothing may be sent again.
func moneyMoving(code command.Code) command.Verdict {
	v := bankFault(code)
	v.NoResend = true
	return v
}
