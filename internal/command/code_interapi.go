package command

// Codes of inter-API's Error envelope (contract section 5.5).
const (
	CodeInterAPIRequestMalformed Code = "interapi.request_malformed"
	CodeInterAPIClosed           Code = "interapi.closed"
	CodeInterAPIPlatformError    Code = "interapi.platform_error"
)
