package command

// Code is a normalized dotted code, stable for subscribers. Every code that an
// outcome or a verdict may carry is a constant of this package and a row of
// Codes; Known tells them from anything else.
type Code string

// Codes that are decided on our side (contract section 5.7 and design section 2).
const (
	CodeCommandUndecodable     Code = "command.undecodable"
	CodeCommandSchemaMismatch  Code = "command.schema_mismatch"
	CodeCommandInvalid         Code = "command.invalid"
	CodeCommandExpired         Code = "command.expired"
	CodeCommandIDReused        Code = "command.id_reused"
	CodeConsentMissing         Code = "customer.consent_missing"
	CodeIdentityChecksum       Code = "identity.checksum_invalid"
	CodePhoneInvalid           Code = "phone.invalid"
	CodeInvoiceOperation       Code = "dbs.invoice.operation_unsupported"
	CodeRetriesExhausted       Code = "processor.retries_exhausted"
	CodeInternalError          Code = "processor.internal_error"
	CodeInvoiceAdvanceFixed    Code = "dbs.invoice.advance_immutable"
	CodeInvoiceDueNotFuture    Code = "dbs.invoice.due_date_not_future"
	CodeInvoiceAdvanceNotToday Code = "dbs.invoice.advance_due_date_not_today"
)

// Codes of outcomes that a person has stated about a command in doubt.
const (
	CodeOperatorConfirmed  Code = "operator.confirmed"   // the bank has done it
	CodeOperatorRejected   Code = "operator.rejected"    // the bank has refused it
	CodeOperatorNotApplied Code = "operator.not_applied" // the bank has never seen it, or not done it
)

// Codes of the customer flow (contract section 5.3).
const (
	CodeCustomerCreated           Code = "customer.flow.created"
	CodeCustomerUpdated           Code = "customer.flow.updated"
	CodeCustomerCompleted         Code = "customer.flow.completed"
	CodeCustomerStateUnrecognized Code = "customer.flow.state_unrecognized"
)

// Codes of invoices that the reconciliation decides on (contract sections 4 and 5.1).
const (
	CodeInvoiceAccepted            Code = "dbs.invoice.accepted"
	CodeInvoiceUpdated             Code = "dbs.invoice.updated"
	CodeInvoiceCancelled           Code = "dbs.invoice.cancelled"
	CodeInvoiceAlreadyRecorded     Code = "dbs.invoice.already_recorded"
	CodeInvoiceDuplicateConflict   Code = "dbs.invoice.duplicate_conflict"
	CodeInvoicePreviouslyCancelled Code = "dbs.invoice.previously_cancelled"
	CodeInvoiceNotFound            Code = "dbs.invoice.not_found"
	CodeInvoiceStateUnconfirmed    Code = "dbs.invoice.state_unconfirmed"
	CodeInvoiceUnresolved          Code = "dbs.invoice.unresolved"
)

// Codes of transports, envelopes and gateways that both banks share
// (contract sections 5.5 and 5.6).
const (
	CodeBankUnreachable      Code = "bank.unreachable"       // not sent: breaker, dial, DNS
	CodeBankTLSRefused       Code = "bank.tls_refused"       // not sent: certificate, authority, name, version
	CodeBankNoAnswer         Code = "bank.no_answer"         // headers left, no answer came
	CodeBankAnswerUnreadable Code = "bank.answer_unreadable" // HTML, empty, bad JSON, over the size cap
	CodeBankHTTPError        Code = "bank.http_error"        // 5xx, 408
	CodeBankRefusedRequest   Code = "bank.request_refused"   // 400 without envelope, 409, 413, 422
	CodeBankRedirected       Code = "bank.redirected"        // 3xx, never followed
	CodeBankMisconfigured    Code = "bank.endpoint_unknown"  // 404, 405, 415
	CodeGatewayThrottled     Code = "gateway.throttled"      // 429, 403 with Retry-After
	CodeGatewayUnauthorized  Code = "gateway.unauthorized"   // 401 after one refresh
	CodeGatewayForbidden     Code = "gateway.forbidden"      // 403 without Retry-After
	CodeGatewaySecretInvalid Code = "gateway.secret_invalid" // the token endpoint refuses the secret
)
