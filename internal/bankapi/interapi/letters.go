package interapi

import "bankprocessor/internal/command"

// letters is every enumeration of the bank's wire (contract section 11.3), ours
// on the left. What is not in it is not sent.
var letters = struct {
	operation map[command.InvoiceOperation]string
	maturity  map[command.Maturity]string
	entry     map[command.EntryType]string
	blockage  map[command.Blockage]string
	payment   map[string]command.PaymentStatus
	record    map[string]command.RecordStatus
}{
	operation: map[command.InvoiceOperation]string{
		command.InsertInvoice: "I",
		command.UpdateInvoice: "U",
		command.CancelInvoice: "D",
	},
	maturity: map[command.Maturity]string{
		command.Term:    "V", // vadeli
		command.Advance: "P", // peşin
	},
	entry: map[command.EntryType]string{
		command.Debit: "B", // borç
	},
	blockage: map[command.Blockage]string{
		command.BlockageDefault:  "",
		command.BlockageIncluded: "E", // evet
		command.BlockageExcluded: "H", // hayır
	},
	payment: map[string]command.PaymentStatus{
		"O": command.PaymentPaid, // ödendi
	},
	record: map[string]command.RecordStatus{
		"A": command.RecordActive,
		"I": command.RecordPassive,
	},
}

func paymentOf(letter string) command.PaymentStatus {
	return known(letters.payment, letter)
}

func recordOf(letter string) command.RecordStatus {
	return known(letters.record, letter)
}

// known reads a letter: "" for null, "unknown:<raw>" for one of no row.
func known[T ~string](rows map[string]T, letter string) T {
	if value, ok := rows[letter]; ok || letter == "" {
		return value
	}
	return T("unknown:" + letter)
}

// maturityOf reads a maturity letter, "" when null or of no row.
func maturityOf(letter string) command.Maturity {
	for maturity, l := range letters.maturity {
		if l == letter {
			return maturity
		}
	}
	return ""
}
