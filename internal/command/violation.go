package command

import "strings"

// Violation is one local check that a command fails.
type Violation struct {
	// Field is the path of the field in the event, such as
	// "jobAddress.cityCode".
	Field string
	// Code is the dotted local code (contract section 5.7).
	Code Code
	// Message says what is wrong and what to do, without the field's value.
	Message string
}

// Violations are all the local checks that a command fails, in field order.
type Violations []Violation

// Add appends a violation.
func (vs *Violations) Add(field string, code Code, message string) {
	*vs = append(*vs, Violation{Field: field, Code: code, Message: message})
}

// Code is the code of the outcome: the one code that all violations share,
// or CommandInvalid.
func (vs Violations) Code() Code {
	if len(vs) == 0 {
		return ""
	}
	for _, v := range vs[1:] {
		if v.Code != vs[0].Code {
			return CodeCommandInvalid
		}
	}
	return vs[0].Code
}

// Error lists every field with what is wrong with it.
func (vs Violations) Error() string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = v.Field + ": " + v.Message
	}
	return strings.Join(parts, "; ")
}
