package interapi

import (
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// ofRows judges a list of the bank's row model (contract section 3.4): the first
// code in it counts, wherever it stands. ok is false when there is none.
func ofRows(data wire.Object, list string, table map[string]command.Verdict) (v command.Verdict, ok bool) {
	for row := range data.List(list) {
		code := row.Code("ResultCode")
		if code == "" {
			continue
		}
		v, ok = table[code]
		if !ok {
			v = queryUnknown
		}
		v.BankCode, v.BankMessage = code, bankapi.Scrub(row.Text("ResultMessage"))
		return v, true
	}
	return v, false
}
