package command

// Codes of the loan API (contract section 5.4).
const (
	CodeLoanIncomeAccepted     Code = "loan.income.accepted"
	CodeLoanRequestMalformed   Code = "loan.request_malformed"
	CodeLoanBankError          Code = "loan.bank_error"
	CodeLoanServiceUnavailable Code = "loan.service_unavailable"
	CodeLoanIdentityInvalid    Code = "loan.identity_invalid"
	CodeLoanBankRejected       Code = "loan.bank_rejected"
	CodeLoanCodeUnknown        Code = "loan.code_unknown"
)

// Codes of the loan API's gateway (contract section 5.4). CodeGatewaySecretInvalid
// stands with the codes that both banks share.
const (
	CodeGatewayTokenInvalid Code = "gateway.token_invalid"
	CodeGatewayPlanLimit    Code = "gateway.plan_limit"
	CodeGatewayAppLocked    Code = "gateway.app_locked"
	CodeGatewayIPNotAllowed Code = "gateway.ip_not_allowed"
)
