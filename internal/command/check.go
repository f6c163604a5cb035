package command

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of the local checks (contract sections 3.1 to 3.7).
const (
	maxCode          = 40
	maxFlowReference = 128
	maxExplanation   = 200
	amountScale      = 2
	amountWhole      = 16 // digits before the point: decimal(18,2) in the event
)

const required = "is required"

// check collects violations, field by field. Its messages never hold a value.
type check struct{ found Violations }

func (c *check) fail(field string, code Code, message string) { c.found.Add(field, code, message) }

func (c *check) invalid(field, message string) { c.fail(field, CodeCommandInvalid, message) }

func (c *check) present(field string, ok bool) {
	if !ok {
		c.invalid(field, required)
	}
}

func (c *check) text(field string, value Private) { c.present(field, !blank(value.Reveal())) }

func (c *check) positive(field string, n int64) {
	switch {
	case n == 0:
		c.invalid(field, required)
	case n < 0:
		c.invalid(field, "must be above 0")
	}
}

func (c *check) notNegative(field string, n int64) {
	if n < 0 {
		c.invalid(field, "must not be negative")
	}
}

func (c *check) flowReference(value string) {
	const field = "flowReference"
	switch {
	case blank(value):
		c.invalid(field, required)
	case len(value) > maxFlowReference:
		c.invalid(field, "has more than "+strconv.Itoa(maxFlowReference)+" characters")
	case !plain(value):
		c.invalid(field, "must be printable ASCII without spaces at its ends")
	case keyHoldsPersonalData(value):
		c.invalid(field, "must not hold personal data: it is the record's key; send an opaque reference")
	}
}

// code checks a code that the bank compares byte by byte; missing and tooLong
// are the codes of those two failures.
func (c *check) code(field, value string, missing, tooLong Code) {
	switch {
	case blank(value):
		c.fail(field, missing, required)
	case utf8.RuneCountInString(value) > maxCode:
		c.fail(field, tooLong, "has more than "+strconv.Itoa(maxCode)+" characters")
	case !plain(value):
		c.invalid(field, "must be printable ASCII without spaces at its ends")
	}
}

func (c *check) companyCode(value string) {
	c.code("companyCode", value, CodeCommandInvalid, CodeCommandInvalid)
}

func (c *check) dealerCode(value string) {
	c.code("dealerCode", value, CodeDealerIDMissing, CodeDealerIDTooLong)
}

func (c *check) identity(field string, value Private) {
	switch {
	case blank(value.Reveal()):
		c.invalid(field, required)
	case !ValidTCKN(value.Reveal()):
		c.fail(field, CodeIdentityChecksum, "is not a valid identity number: want eleven digits with right check digits")
	}
}

func (c *check) phone(value Private) {
	const field = "phoneNumber"
	if blank(value.Reveal()) {
		c.invalid(field, required)
	} else if _, ok := NationalPhone(value); !ok {
		c.fail(field, CodePhoneInvalid, "is not a Turkish mobile number: want ten digits that start with 5, or the same after 0, 90 or +90")
	}
}

func (c *check) email(value Private) {
	const field = "email"
	if blank(value.Reveal()) {
		c.invalid(field, required)
	} else if !validEmail(value) {
		c.invalid(field, "is not an e-mail address: want one @, no spaces, at most 254 characters")
	}
}

// amount checks an amount of money; sign has the last word on its sign.
func (c *check) amount(field string, d *Decimal, sign func(d Decimal)) {
	switch {
	case d == nil:
		c.invalid(field, required)
	case d.DigitsAfterPoint() > amountScale:
		c.invalid(field, "has more than 2 digits after the point")
	case d.DigitsBeforePoint() > amountWhole:
		c.invalid(field, "has more than 16 digits before the point")
	default:
		sign(*d)
	}
}

func (c *check) currency(field, value string, allowed []string, code Code) {
	switch {
	case slices.Contains(allowed, value):
	case blank(value):
		c.fail(field, code, required)
	case value == "TL":
		c.fail(field, code, "TL is not an ISO 4217 code: send TRY")
	default:
		c.fail(field, code, "is not one of the allowed ISO 4217 codes: "+strings.Join(allowed, ", "))
	}
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// plain says whether s is printable ASCII with no space at either end, so that
// equal codes are equal bytes.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return strings.Trim(s, " ") == s
}
