package codec

import (
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

func TestJSONRefusals(t *testing.T) {
	t.Parallel()
	invoice := schemas.Example(string(command.DBSInvoiceUpsert))
	const id = "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a05"
	with := func(old, changed string) string {
		if !strings.Contains(invoice, old) {
			t.Fatalf("the example has no %s", old)
		}
		return strings.Replace(invoice, old, changed, 1)
	}
	for name, c := range map[string]struct {
		json, id, field, reason string
	}{
		"cut":                   {invoice[:len(invoice)/2], id, "", "not valid JSON near byte"},
		"trailing text":         {invoice + `{"CANARY":1}`, id, "", "follows the JSON object's end"},
		"trailing garbage":      {invoice + "CANARY", id, "", "follows the JSON object's end"},
		"not UTF-8":             {with("deneme", "CANARY\xff"), "", "", "UTF-8"},
		"a comma too many":      {with(`"amount": 900,`, `"amount": 900,,`), id, "", "not valid JSON near byte"},
		"duplicate field":       {with(`"amount": 900,`, `"amount": 900, "amount": 777,`), id, "amount", "twice"},
		"duplicate nested":      {with(`"amount": 900,`, `"x": {"amount": 1, "amount": 2},`), id, "amount", "twice"},
		"duplicate unknown":     {with(`"amount": 900,`, `"CANARY": 900, "CANARY": 777,`), id, "", "a field stands twice"},
		"duplicate id":          {with(`"operation"`, `"commandId": "`+someID+`", "operation"`), "", "commandId", "twice"},
		"too deep":              {with(`"amount": 900,`, `"x": `+strings.Repeat("[", 20)+strings.Repeat("]", 20)+","), id, "", "deeper than 16"},
		"too deep in objects":   {with(`"amount": 900,`, `"x": `+strings.Repeat(`{"x":`, 20)+"1"+strings.Repeat("}", 20)+","), id, "", "deeper than 16"},
		"no id":                 {with(id, ""), "", "commandId", "required"},
		"id is no UUID":         {with(id, "CANARY"), "", "commandId", "UUID"},
		"id in other letters":   {with(`"commandId"`, `"commandid"`), "", "commandId", "required"},
		"no issuedAt":           {with(`"issuedAt"`, `"x"`), id, "issuedAt", "required"},
		"issuedAt local":        {with("08:34:00Z", "08:34:00"), id, "issuedAt", "RFC 3339"},
		"issuedAt number":       {with(`"2026-01-05T08:34:00Z"`, "1767602040000"), id, "issuedAt", "moment"},
		"amount with exponent":  {with("900", "9e2"), id, "amount", "no exponent"},
		"amount with comma":     {with("900", `"1.234,56"`), id, "amount", "no thousands mark"},
		"amount too long":       {with("900", strings.Repeat("9", 30)), id, "amount", "decimal"},
		"amount a record":       {with("900", `{"CANARY": 1}`), id, "amount", "decimal number"},
		"amount true":           {with("900", `true`), id, "amount", "decimal number"},
		"date with time":        {with("2020-11-02", "2020-11-02T00:00:00"), id, "invoiceDate", "yyyy-mm-dd"},
		"date impossible":       {with("2020-11-02", "2020-02-30"), id, "invoiceDate", "yyyy-mm-dd"},
		"date in year 0":        {with("2020-11-02", "0000-01-01"), id, "invoiceDate", "yyyy-mm-dd"},
		"date a number":         {with(`"2020-11-02"`, "18568"), id, "invoiceDate", "day"},
		"text a number":         {with(`"0222"`, "222"), id, "dealerCode", "text"},
		"text a list":           {with(`"0222"`, `["CANARY"]`), id, "dealerCode", "text"},
		"number as text":        {with("955807", `"955807"`), id, "customerNumber", "whole number"},
		"number with a point":   {with("955807", "955807.0"), id, "customerNumber", "whole number"},
		"number over 64 bits":   {with("955807", "9223372036854775808"), id, "customerNumber", "64 bits"},
		"correlation a number":  {with(`"example-dbs-invoice-upsert"`, "1"), id, "correlationId", "text"},
		"nothing but an object": {`{`, "", "", "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(setup(t, Options{}), command.DBSInvoiceUpsert, []byte(c.json))
			e := refused(t, err)
			if e.Code != command.CodeCommandUndecodable || e.CommandID != c.id || e.Field != c.field || !strings.Contains(e.Reason, c.reason) {
				t.Errorf("got %+v, want id %q, field %q, reason with %q", e, c.id, c.field, c.reason)
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("the error shows the value: %v", err)
			}
			if e.CommandID != "" && c.field != "correlationId" && e.CorrelationID != "example-dbs-invoice-upsert" {
				t.Errorf("correlation id = %q", e.CorrelationID)
			}
		})
	}
}

func TestJSONRefusesInNestedRecords(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	update := schemas.Example(string(command.CustomerUpdate))
	for field, change := range map[string][2]string{
		"education.code":     {`"code": 6`, `"code": 6000000000`},
		"jobAddress.country": {`"country": "Türkiye"`, `"country": 90`},
		"homeStatus":         {`{"name": "Kira", "code": 2}`, `"Kira"`},
		"calculateLimit":     {`"calculateLimit": false`, `"calculateLimit": "no"`},
		"salary":             {`12345.0`, `[]`},
	} {
		_, err := decode(c, command.CustomerUpdate, []byte(strings.Replace(update, change[0], change[1], 1)))
		if e := refused(t, err); e.Field != field {
			t.Errorf("got %v, want a refusal of %s", err, field)
		}
	}
}

func TestJSONReadsAmountsExactly(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	invoice := schemas.Example(string(command.DBSInvoiceUpsert))
	for _, amount := range []string{"900", "900.0", `"900.00"`, "9007199254740993.01", `"0.1"`, "123456789012345678"} {
		cmd, err := decode(c, command.DBSInvoiceUpsert, []byte(strings.Replace(invoice, "900", amount, 1)))
		if err != nil {
			t.Fatalf("%s: %v", amount, err)
		}
		want, err := command.ParseDecimal(strings.Trim(amount, `"`))
		if err != nil {
			t.Fatal(err)
		}
		if got := cmd.Payload.(*command.Invoice).Amount; !got.Equal(want) {
			t.Errorf("%s reads as %s", amount, got)
		}
	}
	income := strings.Replace(schemas.Example(string(command.LoanIncomeSubmit)), "6000999999", "9007199254740993", 1)
	cmd, err := decode(c, command.LoanIncomeSubmit, []byte(income))
	if err != nil || cmd.Payload.(*command.SubmitIncome).CampaignCode != 9007199254740993 {
		t.Errorf("a 64-bit number does not read exactly: %v", err)
	}
}

func TestCommandFromJSONIsBounded(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{MaxBytes: 10})
	_, err := c.CommandFromJSON(command.DBSLimitQuery, []byte(schemas.Example(string(command.DBSLimitQuery))))
	if e := refused(t, err); !strings.Contains(e.Reason, "over the limit of 10") {
		t.Error(err)
	}
}
