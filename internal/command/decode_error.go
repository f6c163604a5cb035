package command

// DecodeError says why a command's bytes could not be read. It carries no value
// of the command's.
type DecodeError struct {
	// CommandID is the command's id where at least that could be read, else "".
	CommandID string
	// CorrelationID likewise.
	CorrelationID string
	// Code is CodeCommandUndecodable or CodeCommandSchemaMismatch.
	Code Code
	// Field is the path of the offending field, "" when the bytes as a whole
	// are at fault.
	Field string
	// Reason says what is wrong and what was wanted, without the value.
	Reason string
}

// Error names the field and the reason.
func (e *DecodeError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}
