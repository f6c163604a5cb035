package interapi

import "testing"

func TestAmountIn(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"Invoice amount exceeds the reseller limit, available limit amount (TRY): 1234.56": "1234.56",
		"limit (TRY): 1.234,56":         "1234.56",
		"limit (TRY): 1,234.56":         "1234.56",
		"limit: 1.234.567,89 TL":        "1234567.89",
		"limit: 1,234,567.89.":          "1234567.89",
		"limit: 12.345.678":             "12345678",
		"limit: 900":                    "900",
		"limit: 0":                      "0",
		"limit: 900,5":                  "900.5",
		"limit: 900.50":                 "900.5",
		"limit: 0.123":                  "0.123",
		"limit: 0,00":                   "0",
		"limit: -12,50":                 "-12.5",
		"limit: 1234.567":               "1234.567",
		"fatura 106: kalan limit: 5,25": "5.25",
		"limit: 1.234":                  "", // one thousand or one
		"limit: 12,345":                 "",
		"limit: -1.234":                 "",
		"limit: 1.23.456":               "",
		"limit: 1.2345,67":              "",
		"limit: 12,34,56":               "",
		"limit: 1.234,567.8":            "",
		"limit: 1 234,56":               "", // two numbers
		"limit: 10 of 20":               "",
		"limit: 12-05":                  "",
		"limit: ,5":                     "",
		"limit: .":                      "",
		"limit: -":                      "",
		"limit: none":                   "",
		"limit:":                        "",
		"limit 900":                     "",
		"":                              "",
		"limit: 99999999999999999999":   "",
	} {
		got := amountIn(message)
		if (got == nil) != (want == "") || (got != nil && got.String() != want) {
			t.Errorf("%q = %v, want %q", message, got, want)
		}
	}
}

func TestDaysIn(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]int{
		"Maximum date range for listing exceeded, maximum date range: 31 days": 31,
		"Listeleme için maksimum tarih aralığı aşıldı: 7 gün":                  7,
		"En fazla 10 gün sorgulanabilir.":                                      10,
		"maximum date range: {X} days":                                         0,
		"maximum date range: 0 days":                                           0,
		"maximum date range: -3 days":                                          0,
		"maximum date range: 1,5 days":                                         0,
		"from 01.11.2020 to 30.11.2020":                                        0,
		"maximum: 10 or 20 days":                                               0,
		"maximum: 99999999999999999999":                                        0,
		"":                                                                     0,
	} {
		if got := daysIn(message); got != want {
			t.Errorf("%q = %d, want %d", message, got, want)
		}
	}
}
