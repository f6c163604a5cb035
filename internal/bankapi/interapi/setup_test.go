package interapi

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

const (
	commandID   = "331eb5f5-29c7-4df2-b800-926b5f34b874"
	requestID   = "e0e87b1c-917f-432b-b428-ca71abc91205"
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

// answer is what the scripted bank says to one request.
type answer struct {
	status int // 0 is 200
	header http.Header
	body   string
	cut    bool // close the connection instead
}

// bank is a scripted inter-API: it hands out its answers in order, repeats the
// last one, and remembers what it was sent.
type bank struct {
	mu       sync.Mutex
	answers  []answer
	requests []*http.Request
	bodies   []string
}

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.requests, b.bodies = append(b.requests, r), append(b.bodies, string(body))
	a := b.answers[0]
	if len(b.answers) > 1 {
		b.answers = b.answers[1:]
	}
	b.mu.Unlock()
	if a.cut {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = io.WriteString(w, a.body)
}

// fixture is the six methods in front of a scripted bank.
type fixture struct {
	bank    *bank
	methods map[command.Name]bankapi.Method
}

type option func(*Config, *Deps)

func setup(t *testing.T, answers []answer, options ...option) *fixture {
	t.Helper()
	b := &bank{answers: answers}
	methods := methodsAt(t, serve(t, b), options...)
	return &fixture{bank: b, methods: methods}
}

func serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func methodsAt(t testing.TB, url string, options ...option) map[command.Name]bankapi.Method {
	t.Helper()
	cfg := Config{
		AppKey:          secretFile(t, "app-key"),
		SubscriptionKey: secretFile(t, "subscription-key"),
		UserCode:        `EXAMPLE\service`,
		CustomerNumbers: map[string]int64{"SOLEN": 955807},
	}
	deps := Deps{
		Client:   newClient(t, url),
		Customer: newGroup(t, bankapi.GroupInterAPICustomer),
		DBSWrite: newGroup(t, bankapi.GroupInterAPIDBSWrite),
		DBSRead:  newGroup(t, bankapi.GroupInterAPIDBSRead),
	}
	for _, o := range options {
		o(&cfg, &deps)
	}
	methods, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	return methods
}

func newClient(t testing.TB, url string) *bankapi.Client {
	t.Helper()
	client, err := bankapi.NewClient(bankapi.HTTPConfig{BaseURL: url, MaxResponseBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return client
}

// newGroup returns a group whose breaker no test opens by accident.
func newGroup(t testing.TB, name string) *bankapi.Group {
	t.Helper()
	group, err := bankapi.NewGroup(name, bankapi.GroupConfig{ConsecutiveFailures: 1000, MinCalls: 1000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return group
}

func secretFile(t testing.TB, content string) secret.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	writeFile(t, path, content+"\n")
	return secret.Source{File: path}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// call sends the payload, an invoice as its own operation.
func (f *fixture) call(t *testing.T, p command.Payload) command.Verdict {
	t.Helper()
	return send(t, f.methods, p)
}

func send(t *testing.T, methods map[command.Name]bankapi.Method, p command.Payload) command.Verdict {
	t.Helper()
	return sendAs(t, requestID, methods, p)
}

func sendAs(t *testing.T, id string, methods map[command.Name]bankapi.Method, p command.Payload) command.Verdict {
	t.Helper()
	call := command.Call{RequestID: id, Traceparent: traceparent}
	if invoice, ok := p.(*command.Invoice); ok {
		call.Operation = invoice.Operation
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return methods[p.Name()].Call(ctx, &command.Command{ID: commandID, Payload: p}, call)
}

// answerWith sends the payload to a bank that answers 200 with body.
func answerWith(t *testing.T, p command.Payload, body string) command.Verdict {
	t.Helper()
	return setup(t, []answer{{body: body}}).call(t, p)
}

// data wraps the members of a Data object in the envelope of contract section 1.4.
func data(members string) string {
	return `{"$type":"ServiceResponseMessage","Data":{"$type":"SomethingElse",` + members + `}}`
}

func day(t testing.TB, s string) command.Date {
	t.Helper()
	d, err := command.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func decimal(t *testing.T, s string) *command.Decimal {
	t.Helper()
	d, err := command.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// payloads are the examples of the bank's pages, repaired, with made-up people.
func payloads(t *testing.T) map[command.Name]command.Payload {
	t.Helper()
	all := map[command.Name]command.Payload{}
	for _, p := range []command.Payload{createCommand(), updateCommand(), completeCommand(), limitCommand(t), invoiceCommand(t), resultsCommand(t)} {
		all[p.Name()] = p
	}
	return all
}

func createCommand() *command.CreateCustomer {
	return &command.CreateCustomer{
		FlowReference: "flow-1", PhoneNumber: "+90 555 999 99 99", CitizenshipNumber: "10000000146",
		Email: "someone@example.com", Fatca: new(false), USCustomer: new(false), KVKKApproved: new(true),
		NotificationOnUpdate: true,
	}
}

func updateCommand() *command.UpdateCustomer {
	return &command.UpdateCustomer{
		FlowReference: "flow-1", CustomerNumber: 5035266140, ProcessID: 2105170309000001,
		CitizenshipNumber: "10000000146",
		Education:         command.CodedName{Name: "ÜNİVERSİTE", Code: new(int32(6))},
		CompanyName:       "ÖRNEK ŞİRKETİ",
		Salary:            new(command.NewDecimal(123450, 1)),
		WorkingStatus:     command.CodedName{Name: "Özel Sektör Ücretli", Code: new(int32(1))},
		JobTitle:          command.CodedName{Name: "Mimar,İç Mimar,Mühendis", Code: new(int32(9))},
		HomeStatus:        command.CodedName{Name: "Kira", Code: new(int32(2))},
		WorkAreaCode:      new(int32(0)),
		JobAddress: &command.Address{
			Type: "WorkAddress", TypeCode: "2", Country: "Türkiye", CountryCode: "90", City: "İstanbul", CityCode: "34",
			Town: "Pendik", TownCode: "34000020000", District: "Sanayi Mah", DistrictCode: "34000020003",
			DistrictType: "3", Street: "1. Örnek Kavşağı", StreetCode: "22228359", AddressDetail: "ışğ \"köşe\" \\ bina",
		},
		HomeAddress: &command.Address{
			Type: "HomeAddress", TypeCode: "1", Country: "TÜRKİYE", CountryCode: "90", City: "İSTANBUL", CityCode: "34",
			Town: "BAKIRKÖY", TownCode: "34000003000", District: "ATAKÖY 3-4-11. Mah", DistrictCode: "34000003015",
			Street: "ÖRNEK CADDESİ", StreetCode: "22030330", AddressDetail: "BLOK NO: 30",
		},
		BranchID: "9860", SelectedAddress: "Home", CalculateLimit: new(false),
	}
}

func completeCommand() *command.CompleteCustomer {
	return &command.CompleteCustomer{
		FlowReference: "flow-1", CustomerNumber: 5034971801, ProcessID: 2102260309000002,
		Email: "someone@example.com", PhoneNumber: "05559999999", ApprovedAgent: new(false), CourierSelected: new(true),
	}
}

func limitCommand(t *testing.T) *command.QueryLimit {
	return &command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "0222", InvoicesMonth: day(t, "2017-01-01")}
}

// invoiceCommand keeps the bank's rules, which the page's example breaks
// (contract section 9.6).
func invoiceCommand(t testing.TB) *command.Invoice {
	return &command.Invoice{
		Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: "0222",
		InvoiceNumber: "888888888849635547", InvoiceCurrency: "TRY", PaymentCurrency: "TRY",
		InvoiceDate: day(t, "2020-08-15"), Amount: new(command.NewDecimal(90000, 2)), DueDate: day(t, "2020-11-02"),
		Maturity: command.Term, EntryType: command.Debit, Blockage: command.BlockageIncluded,
		ParametricCode: "V", Explanation: "deneme", DealerName: "NAME", DealerSurname: "SURNAME",
	}
}

func resultsCommand(t *testing.T) *command.QueryInvoiceResults {
	return &command.QueryInvoiceResults{
		CompanyCode: "SOLEN", FromDueDate: day(t, "2020-11-01"), ToDueDate: day(t, "2020-11-03"),
	}
}

// oneLine takes the indentation out of a JSON text.
func oneLine(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}
