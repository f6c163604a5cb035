package banksim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
)

func digitalCustomer(pairs ...any) string {
	c := fields{
		"PhoneNumber": "5559999999", "CitizenshipNumber": n("10000000146"), "IsFatca": false, "IsUSCustomer": false,
		"Email": "ayse.ornek@example.com", "NotificationOnUpdate": true, "IsKVKKApproved": true,
	}.with(pairs...)
	return fields{"IsGetProcess": false, "DigitalCustomer": c}.String()
}

// probe asks for an existing flow only.
func probe(citizen string) string {
	return strings.Replace(digitalCustomer("CitizenshipNumber", n(citizen)), `"IsGetProcess":false`, `"IsGetProcess":true`, 1)
}

func address(pairs ...any) fields {
	return fields{
		"Type": "HomeAddress", "TypeCode": "1", "Country": "TÜRKİYE", "CountryCode": "90", "City": "İSTANBUL",
		"CityCode": "34", "Town": "BAKIRKÖY", "TownCode": "34000003000", "District": "ÖRNEK Mah",
		"DistrictCode": "34000003015", "Street": "ÖRNEK CADDESİ", "StreetCode": "22030330", "AddressDetail": "30",
	}.with(pairs...)
}

func informations(process, customer string) fields {
	return fields{
		"CustomerNo": n(customer), "ProcessId": n(process), "CitizenshipNumber": n("10000000146"),
		"EducationStatus": "ÜNİVERSİTE", "EducationStatusCode": n("6"), "CompanyName": "Örnek A.Ş.",
		"SalaryInfo": n("12345.0"), "WorkingStatus": "Özel Sektör Ücretli", "WorkingStatusCode": n("1"),
		"JobTitle": "Mimar,İç Mimar,Mühendis", "JobTitleCode": n("9"), "HomeStatus": "Kira", "HomeStatusCode": n("2"),
		"WorkAreaCode": n("0"), "JobAddressInfo": address("Type", "WorkAddress", "TypeCode", "2"),
		"HomeAddressInfo": address(), "BranchId": "9860", "SelectedAddress": "Home", "CalculateLimit": true,
	}
}

func completion(process, customer string) fields {
	return fields{
		"CustomerNo": n(customer), "ProcessId": n(process), "Email": "ayse.ornek@example.com",
		"PhoneNumber": "5559999999", "IsApprovedAgent": false, "IsCourierSelected": true, "UserCode": `EXAMPLE\test`,
	}
}

// flow creates the flow of the tests' person.
func (b *bundle) flow() (process, customer string) {
	b.Helper()
	a := b.call(banksim.MethodCreate, digitalCustomer()).ok()
	a.want("Data.State", "2")
	return a.at("Data.ProcessId").(string), a.at("Data.CustomerId").(string)
}

func TestCustomerFlow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	process, customer := b.flow()
	if process != "2611190309000001" || customer != "5035000001" {
		t.Errorf("process %s, customer %s", process, customer)
	}
	if !b.last().Applied {
		t.Error("the first creation applied nothing")
	}
	again := b.call(banksim.MethodCreate, digitalCustomer("PhoneNumber", "5551111111")).ok()
	again.want("Data.$type", "CreateDigitalCustomerMessage", "Data.ProcessId", process, "Data.CustomerId", customer, "Data.State", "2")
	if b.last().Applied {
		t.Error("a repeated creation applied something")
	}

	first, second := informations(process, customer), informations(process, customer).with("SalaryInfo", n("20000"))
	b.call(banksim.MethodUpdate, first.String()).ok()
	b.call(banksim.MethodUpdate, second.String()).ok().want("Data.$type", "AddDigitalCustomerDocumentsMessage",
		"Data.ProcessId", process, "Data.CalculateLimit", true, "Data.State", "2")
	b.call(banksim.MethodComplete, completion(process, customer).String()).ok().want(
		"Data.$type", "CompleteDigitalCustomerMessage", "Data.State", "2")

	flows := b.bank.Ledger().Flows
	if len(flows) != 1 || flows[0].Updates != 2 || !flows[0].Completed || flows[0].UpdatedBy != session {
		t.Fatalf("flows %+v", flows)
	}
	var kept map[string]any
	if err := json.Unmarshal([]byte(flows[0].Informations.Reveal()), &kept); err != nil || kept["SalaryInfo"] != 20000.0 {
		t.Errorf("the last write does not stand: %v %v", kept, err)
	}
	if flows[0].PhoneNumber.Reveal() != "5559999999" {
		t.Error("a repeated creation changed the old data")
	}
	if text := fmt.Sprintf("%v %+v %#v", flows[0], flows[0], flows[0].Email); contains(text, "10000000146", "5559999999", "example.com") {
		t.Errorf("a flow prints personal data: %s", text)
	}
}

// TestCustomerRefusals shows the Error envelope, the customer methods' only form
// of failure, and that nothing is recorded.
func TestCustomerRefusals(t *testing.T) {
	t.Parallel()
	const create, update, complete = banksim.MethodCreate, banksim.MethodUpdate, banksim.MethodComplete
	const process, customer = "2611190309000001", "5035000001"
	info, end := informations(process, customer), completion(process, customer)
	tests := []struct {
		name, method, parameters, code string
		completed                      bool
	}{
		{name: "no person", method: create, parameters: `{"IsGetProcess":false}`, code: "1"},
		{name: "citizenship as text", method: create, parameters: digitalCustomer("CitizenshipNumber", "10000000146"), code: "1"},
		{name: "no FATCA answer", method: create, parameters: digitalCustomer("IsFatca", nil), code: "1"},
		{name: "wrong check digit", method: create, parameters: digitalCustomer("CitizenshipNumber", n("10000000147")), code: "300001"},
		{name: "landline", method: create, parameters: digitalCustomer("PhoneNumber", "2129999999"), code: "300002"},
		{name: "eleven digits", method: create, parameters: digitalCustomer("PhoneNumber", "05559999999"), code: "300002"},
		{name: "no at sign", method: create, parameters: digitalCustomer("Email", "example.com"), code: "300003"},
		{name: "no consent", method: create, parameters: digitalCustomer("IsKVKKApproved", false), code: "300004"},
		{name: "no flow to read", method: create, parameters: probe("19090909018"), code: "300005"},
		{name: "another customer's flow", method: update, parameters: info.with("CustomerNo", n("1")).String(), code: "300006"},
		{name: "another person's flow", method: update, parameters: info.with("CitizenshipNumber", n("19090909018")).String(), code: "300006"},
		{name: "update after the end", method: update, parameters: info.String(), code: "300007", completed: true},
		{name: "code and name disagree", method: update, parameters: info.with("HomeStatus", "Ev sahibi").String(), code: "300008"},
		{name: "contact without address", method: update, parameters: info.with("SelectedAddress", "Contact").String(), code: "300009"},
		{name: "no job address", method: update, parameters: info.with("JobAddressInfo", nil).String(), code: "1"},
		{name: "half an address", method: update, parameters: info.with("HomeAddressInfo", address("Town", "")).String(), code: "1"},
		{name: "no work area", method: update, parameters: info.with("WorkAreaCode", nil).String(), code: "1"},
		{name: "salary with three digits", method: update, parameters: info.with("SalaryInfo", n("1.001")).String(), code: "1"},
		{name: "negative salary", method: update, parameters: info.with("SalaryInfo", n("-1")).String(), code: "1"},
		{name: "branch with a letter", method: update, parameters: info.with("BranchId", "S9860").String(), code: "1"},
		{name: "address that is none", method: update, parameters: info.with("SelectedAddress", "Office").String(), code: "1"},
		{name: "update with a wrong citizenship number", method: update, parameters: info.with("CitizenshipNumber", n("5")).String(), code: "300001"},
		{name: "unknown process", method: complete, parameters: end.with("ProcessId", n("1")).String(), code: "300006"},
		{name: "completed twice", method: complete, parameters: end.String(), code: "300007", completed: true},
		{name: "complete with a landline", method: complete, parameters: end.with("PhoneNumber", "2129999999").String(), code: "300002"},
		{name: "complete without at sign", method: complete, parameters: end.with("Email", "x").String(), code: "300003"},
		{name: "no user code", method: complete, parameters: end.with("UserCode", "").String(), code: "1"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.flow()
			if tt.completed {
				b.call(complete, end.String()).ok().want("Data.State", "2")
			}
			before := b.bank.Ledger()
			a := b.call(tt.method, tt.parameters).ok()
			a.want("$type", "ServiceResponseMessage", "Data", "(absent)", "Error.$type", "ServiceExceptionMessage", "Error.Code", tt.code)
			if call := b.last(); call.Applied || call.Code != "Error "+tt.code {
				t.Errorf("journal has %+v", call)
			}
			after := b.bank.Ledger()
			if refused := after.Flows[0].CompletionsRefused; (refused == 1) != (tt.code == "300007" && tt.method == complete) {
				t.Errorf("%d completions are counted as refused", refused)
			}
			after.Flows[0].CompletionsRefused = 0
			if len(after.Flows) != len(before.Flows) || after.Flows[0] != before.Flows[0] {
				t.Error("a refusal changed the ledger")
			}
		})
	}
}

func TestGetProcessReadsAnExistingFlow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	process, _ := b.flow()
	b.call(banksim.MethodCreate, probe("10000000146")).ok().want("Data.ProcessId", process)
}
