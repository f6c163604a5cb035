package interapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

const header = `{"Header":{"AppKey":"app-key","Channel":"API",` +
	`"ChannelSessionId":"331eb5f529c74df2b800926b5f34b874","ChannelRequestId":"e0e87b1c-917f-432b-b428-ca71abc91205"},`

// golden is each request to the byte, in the order of the bank's pages.
var golden = map[command.Name]string{
	command.CustomerCreate: header + oneLine(`"Parameters":[{
		"IsGetProcess":false,
		"DigitalCustomer":{
			"PhoneNumber":"5559999999",
			"CitizenshipNumber":10000000146,
			"IsFatca":false,
			"IsUSCustomer":false,
			"Email":"someone@example.com",
			"NotificationOnUpdate":true,
			"IsKVKKApproved":true
		}
	}]}`),
	command.CustomerUpdate: header + oneLine(`"Parameters":[{
		"CustomerNo":5035266140,
		"ProcessId":2105170309000001,
		"CitizenshipNumber":10000000146,
		"EducationStatus":"ÜNİVERSİTE",
		"EducationStatusCode":6,
		"CompanyName":"ÖRNEK ŞİRKETİ",
		"SalaryInfo":12345,
		"WorkingStatus":"Özel Sektör Ücretli",
		"WorkingStatusCode":1,
		"JobTitle":"Mimar,İç Mimar,Mühendis",
		"JobTitleCode":9,
		"HomeStatus":"Kira",
		"HomeStatusCode":2,
		"WorkAreaCode":0,
		"JobAddressInfo":{
			"Type":"WorkAddress",
			"TypeCode":"2",
			"Country":"Türkiye",
			"CountryCode":"90",
			"City":"İstanbul",
			"CityCode":"34",
			"Town":"Pendik",
			"TownCode":"34000020000",
			"District":"Sanayi Mah",
			"DistrictCode":"34000020003",
			"DistrictType":"3",
			"Street":"1. Örnek Kavşağı",
			"StreetCode":"22228359",
			"AddressDetail":"ışğ \"köşe\" \\ bina"
		},
		"BranchId":"9860",
		"HomeAddressInfo":{
			"Type":"HomeAddress",
			"TypeCode":"1",
			"Country":"TÜRKİYE",
			"CountryCode":"90",
			"City":"İSTANBUL",
			"CityCode":"34",
			"Town":"BAKIRKÖY",
			"TownCode":"34000003000",
			"District":"ATAKÖY 3-4-11. Mah",
			"DistrictCode":"34000003015",
			"Street":"ÖRNEK CADDESİ",
			"StreetCode":"22030330",
			"AddressDetail":"BLOK NO: 30"
		},
		"SelectedAddress":"Home",
		"CalculateLimit":false
	}]}`),
	command.CustomerComplete: header + oneLine(`"Parameters":[{
		"CustomerNo":5034971801,
		"ProcessId":2102260309000002,
		"Email":"someone@example.com",
		"PhoneNumber":"5559999999",
		"IsApprovedAgent":false,
		"IsCourierSelected":true,
		"UserCode":"EXAMPLE\\service"
	}]}`),
	command.DBSLimitQuery: header + oneLine(`"Parameters":[{
		"AssociationCode":"SOLEN",
		"SubscriberNumber":"0222",
		"InvoicesIncluded":"012017",
		"CustomerNo":955807
	}]}`),
	command.DBSInvoiceUpsert: header + oneLine(`"Parameters":[{
		"AssociationCode":"SOLEN",
		"SubscriberNumber":"0222",
		"InvoiceNumber":"888888888849635547",
		"InvoiceCurrencyCode":"TRY",
		"PaymentCurrencyCode":"TRY",
		"InvoiceDate":"2020-08-15T00:00:00",
		"InvoiceAmount":900,
		"LastPaymentDate":"2020-11-02T00:00:00",
		"DelayedLastPaymentDate":"2020-11-02T00:00:00",
		"ParametricCode":"V",
		"Explanation":"deneme",
		"OperationType":"I",
		"MaturityType":"V",
		"DebitCreditType":"B",
		"SubscriberName":"NAME",
		"SubscriberSurname":"SURNAME",
		"PeriodCode":"202008",
		"InvoiceIncludedBlockage":"E",
		"CustomerNo":955807
	}]}`),
	command.DBSInvoiceResultsQuery: header + oneLine(`"Parameters":[{
		"AssociationCode":"SOLEN",
		"QueryDate":"2020-11-01T00:00:00",
		"EndDate":"2020-11-03T23:59:59",
		"CustomerNo":955807
	}]}`),
}

var methodPaths = map[command.Name]string{
	command.CustomerCreate:         "/BankingApiV01/CreateDigitalCustomer",
	command.CustomerUpdate:         "/BankingApiV01/UpdateDigitalCustomerInformations",
	command.CustomerComplete:       "/BankingApiV01/CompleteDigitalCustomer",
	command.DBSLimitQuery:          "/BankingApiV01/GetDbsLimitInfoList",
	command.DBSInvoiceUpsert:       "/BankingApiV01/InsertDbsInvoice",
	command.DBSInvoiceResultsQuery: "/BankingApiV01/GetDbsInvoiceResultsList",
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for name, p := range payloads(t) {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			f := setup(t, []answer{{body: `{}`}})
			f.call(t, p)
			if len(f.bank.bodies) != 1 {
				t.Fatalf("%d requests, want 1", len(f.bank.bodies))
			}
			if got := f.bank.bodies[0]; got != golden[name] {
				t.Errorf("request\n got %s\nwant %s", got, golden[name])
			}
			checkMembersOnce(t, f.bank.bodies[0])
			r := f.bank.requests[0]
			if r.Method != "POST" || r.URL.Path != methodPaths[name] {
				t.Errorf("%s %s, want POST %s", r.Method, r.URL.Path, methodPaths[name])
			}
			for key, want := range map[string]string{
				"Ocp-Apim-Subscription-Key": "subscription-key",
				"Content-Type":              "application/json; charset=utf-8",
				"Traceparent":               traceparent,
				"Authorization":             "",
				"Idempotency-Key":           "",
				"X-Idempotency-Key":         "",
			} {
				if got := r.Header.Get(key); got != want {
					t.Errorf("header %s = %q, want %q", key, got, want)
				}
			}
			for key, values := range r.Header {
				for _, personal := range []string{"10000000146", "5559999999", "someone@example.com"} {
					if strings.Contains(strings.Join(values, ""), personal) {
						t.Errorf("personal data in header %s", key)
					}
				}
			}
		})
	}
}

// checkMembersOnce fails when an object of the body has a member twice.
func checkMembersOnce(t *testing.T, body string) {
	t.Helper()
	type level struct {
		seen   map[string]bool
		isName bool
	}
	var levels []*level
	d := json.NewDecoder(strings.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		var top *level
		if len(levels) > 0 {
			top = levels[len(levels)-1]
		}
		switch v := token.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				if top != nil {
					top.isName = top.seen != nil
				}
				l := &level{isName: v == '{'}
				if v == '{' {
					l.seen = map[string]bool{}
				}
				levels = append(levels, l)
			default:
				levels = levels[:len(levels)-1]
			}
		default:
			if top.seen == nil {
				continue
			}
			if name, ok := token.(string); ok && top.isName {
				if top.seen[name] {
					t.Errorf("member %s twice", name)
				}
				top.seen[name] = true
				top.isName = false
				continue
			}
			top.isName = true
		}
	}
}

func TestRequestVariants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload    func(t *testing.T) command.Payload
		has, hasNo []string
		options    []option
	}{
		"optional members are left out": {
			payload: func(t *testing.T) command.Payload {
				p := invoiceCommand(t)
				p.Explanation, p.DealerName, p.DealerSurname = "", "", ""
				return p
			},
			hasNo: []string{`Explanation`, `SubscriberName`, `SubscriberSurname`, `TellerName`, `CallerId`, `null`},
		},
		"blank where the FAQ says blank": {
			payload: func(t *testing.T) command.Payload {
				p := invoiceCommand(t)
				p.ParametricCode, p.Blockage = "", command.BlockageDefault
				return p
			},
			has: []string{`"ParametricCode":""`, `"InvoiceIncludedBlockage":""`},
		},
		"update, advance, excluded": {
			payload: func(t *testing.T) command.Payload {
				p := invoiceCommand(t)
				p.Operation, p.Maturity, p.Blockage = command.UpdateInvoice, command.Advance, command.BlockageExcluded
				return p
			},
			has: []string{`"OperationType":"U"`, `"MaturityType":"P"`, `"InvoiceIncludedBlockage":"H"`},
		},
		"cancel, cents, big amount": {
			payload: func(t *testing.T) command.Payload {
				p := invoiceCommand(t)
				p.Operation, p.Amount = command.CancelInvoice, decimal(t, "1234567890123456.70")
				return p
			},
			has: []string{`"OperationType":"D"`, `"InvoiceAmount":1234567890123456.7,`},
		},
		"own customer number": {
			payload: func(t *testing.T) command.Payload {
				p := invoiceCommand(t)
				p.CustomerNumber = 5000000001
				return p
			},
			has: []string{`"CustomerNo":5000000001`},
		},
		"own customer number of another company": {
			payload: func(t *testing.T) command.Payload {
				p := limitCommand(t)
				p.CompanyCode, p.CustomerNumber = "OTHER", 5000000001
				return p
			},
			has: []string{`"AssociationCode":"OTHER"`, `"CustomerNo":5000000001`},
		},
		"month before year": {
			payload: func(t *testing.T) command.Payload {
				p := limitCommand(t)
				p.InvoicesMonth = day(t, "2026-09-01")
				return p
			},
			has: []string{`"InvoicesIncluded":"092026"`},
		},
		"days alone": {
			payload: func(t *testing.T) command.Payload { return resultsCommand(t) },
			options: []option{func(c *Config, _ *Deps) { c.DateOnly = true }},
			has:     []string{`"QueryDate":"2020-11-01","EndDate":"2020-11-03"`},
		},
		"contact address": {
			payload: func(*testing.T) command.Payload {
				p := updateCommand()
				p.SelectedAddress, p.ContactAddress = "Contact", p.HomeAddress
				return p
			},
			has: []string{`"ContactAddressInfo":{"Type":`, `"SelectedAddress":"Contact"`},
		},
		"existing flow only": {
			payload: func(*testing.T) command.Payload {
				p := createCommand()
				p.ExistingFlowOnly, p.NotificationOnUpdate = true, false
				return p
			},
			has: []string{`"IsGetProcess":true`, `"NotificationOnUpdate":false`},
		},
		"our names at the bank": {
			payload: func(t *testing.T) command.Payload { return limitCommand(t) },
			options: []option{func(c *Config, _ *Deps) { c.Channel, c.TellerName, c.CallerID = "EXCH", "teller", "caller" }},
			has:     []string{`"Channel":"EXCH"`, `"TellerName":"teller","CallerId":"caller"}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, []answer{{body: `{}`}}, c.options...)
			f.call(t, c.payload(t))
			if len(f.bank.bodies) != 1 {
				t.Fatalf("%d requests, want 1", len(f.bank.bodies))
			}
			for _, want := range c.has {
				if !strings.Contains(f.bank.bodies[0], want) {
					t.Errorf("no %s in %s", want, f.bank.bodies[0])
				}
			}
			for _, unwanted := range c.hasNo {
				if strings.Contains(f.bank.bodies[0], unwanted) {
					t.Errorf("%s in %s", unwanted, f.bank.bodies[0])
				}
			}
		})
	}
}

func TestNothingIsSentThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	invoice := func(change func(*command.Invoice)) func(*testing.T) command.Payload {
		return func(t *testing.T) command.Payload {
			p := invoiceCommand(t)
			change(p)
			return p
		}
	}
	const invalid, unset = command.CodeCommandInvalid, command.CodeCompanyUnknown
	for name, c := range map[string]struct {
		payload func(*testing.T) command.Payload
		code    command.Code
		field   string
	}{
		"upsert is no operation of the bank's": {invoice(func(p *command.Invoice) { p.Operation = command.UpsertInvoice }), invalid, "OperationType"},
		"credit":                               {invoice(func(p *command.Invoice) { p.EntryType = command.Credit }), invalid, "DebitCreditType"},
		"no maturity":                          {invoice(func(p *command.Invoice) { p.Maturity = "" }), invalid, "MaturityType"},
		"no amount":                            {invoice(func(p *command.Invoice) { p.Amount = nil }), invalid, "InvoiceAmount"},
		"three digits after the point":         {invoice(func(p *command.Invoice) { p.Amount = new(command.NewDecimal(1001, 3)) }), invalid, "InvoiceAmount"},
		"invoice of an unset company":          {invoice(func(p *command.Invoice) { p.CompanyCode = "OTHER" }), unset, "customer_numbers"},
		"limit of an unset company": {func(t *testing.T) command.Payload {
			p := limitCommand(t)
			p.CompanyCode = "OTHER"
			return p
		}, unset, "customer_numbers"},
		"results of an unset company": {func(t *testing.T) command.Payload {
			p := resultsCommand(t)
			p.CompanyCode = "OTHER"
			return p
		}, unset, "customer_numbers"},
		"no phone": {func(*testing.T) command.Payload {
			p := createCommand()
			p.PhoneNumber = "2129999999"
			return p
		}, invalid, "PhoneNumber"},
		"no identity": {func(*testing.T) command.Payload {
			p := createCommand()
			p.CitizenshipNumber = "x0000000146"
			return p
		}, invalid, "CitizenshipNumber"},
		"no consent": {func(*testing.T) command.Payload {
			p := createCommand()
			p.KVKKApproved = nil
			return p
		}, invalid, "IsKVKKApproved"},
		"no salary":    {func(*testing.T) command.Payload { p := updateCommand(); p.Salary = nil; return p }, invalid, "SalaryInfo"},
		"no area code": {func(*testing.T) command.Payload { p := updateCommand(); p.WorkAreaCode = nil; return p }, invalid, "WorkAreaCode"},
		"no address":   {func(*testing.T) command.Payload { p := updateCommand(); p.JobAddress = nil; return p }, invalid, "JobAddressInfo"},
		"no agent flag": {func(*testing.T) command.Payload {
			p := completeCommand()
			p.ApprovedAgent = nil
			return p
		}, invalid, "IsApprovedAgent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, []answer{{body: `{}`}})
			v := f.call(t, c.payload(t))
			if len(f.bank.bodies) != 0 {
				t.Error("it was sent")
			}
			if v.Status != command.Rejected || v.Code != c.code || v.Delivery != command.NotSent || v.Retry != command.RetryNever || !v.DeadLetter {
				t.Errorf("verdict %+v", v)
			}
			if !strings.Contains(v.Detail, c.field) || strings.Contains(v.Detail, "0000000146") || strings.Contains(v.Detail, "2129999999") {
				t.Errorf("detail %q, want one that names %s and no value", v.Detail, c.field)
			}
		})
	}
}

func TestWrongPayload(t *testing.T) {
	t.Parallel()
	f := setup(t, []answer{{body: `{}`}})
	all := payloads(t)
	for name, m := range f.methods {
		for other, p := range all {
			if other == name {
				continue
			}
			v := m.Call(t.Context(), &command.Command{ID: commandID, Payload: p}, command.Call{RequestID: requestID})
			if v.Status != command.Rejected || v.Code != command.CodeCommandSchemaMismatch || v.Delivery != command.NotSent {
				t.Errorf("%s takes %s: %+v", name, other, v)
			}
		}
	}
	if len(f.bank.bodies) != 0 {
		t.Error("something was sent")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	f := setup(t, []answer{{body: `{}`}})
	for _, m := range f.methods {
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			s := fmt.Sprintf(verb, m)
			for _, secret := range []string{"app-key", "subscription-key", `EXAMPLE\service`} {
				if strings.Contains(s, secret) {
					t.Errorf("%T prints %s under %s", m, secret, verb)
				}
			}
		}
	}
}
