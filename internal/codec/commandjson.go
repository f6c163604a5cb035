package codec

import (
	"encoding/json"
	"time"

	"bankprocessor/internal/command"
)

// CommandJSON writes a command in plain JSON, whole: for people who have asked
// for all of it, and never for logs.
func CommandJSON(c *command.Command) ([]byte, error) {
	return json.Marshal(write(func(w walker) { commandFields(w, c) }))
}

// MaskedCommandJSON writes a command in plain JSON with "***" for whatever may
// tell of a person. It shows what is known to tell of none, not the other way
// round: a new field is masked until somebody has thought about it.
func MaskedCommandJSON(c *command.Command) ([]byte, error) {
	o := write(func(w walker) { commandFields(w, c) })
	for i, m := range o {
		if m.empty || m.value == nil {
			continue
		}
		if !impersonal(m) {
			o[i].value = maskedValue
		}
	}
	return json.Marshal(o)
}

const maskedValue = "***"

// impersonal says whether a field may be seen. Texts are upstream's own: what
// looks like an identity number in one of them is masked, whatever the field.
func impersonal(m member) bool {
	switch m.name {
	case "commandId", "flowReference", "issuedAt", "expiresAt",
		"notificationOnUpdate", "existingFlowOnly", "calculateLimit", "approvedAgent", "courierSelected",
		"operation", "companyCode", "dealerCode", "invoiceNumber", "invoiceCurrency", "paymentCurrency",
		"invoiceDate", "amount", "dueDate", "previousDueDate", "maturity", "entryType", "blockage", "parametricCode",
		"invoicesMonth", "fromDueDate", "toDueDate",
		"applicationNumber", "campaignCode":
	default:
		return false
	}
	switch value := m.value.(type) {
	case string:
		return !command.ReferenceHoldsPersonalData(value)
	case bool, int64, command.Decimal, command.Date, time.Time:
		return true
	}
	return false // records and lists
}
