package banksim

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

// Credentials that the bank takes unless the configuration names others.
const (
	DefaultAppKey          = "sim-app-key"
	DefaultSubscriptionKey = "sim-subscription-key"
	DefaultClientID        = "sim-client"
	DefaultClientSecret    = "sim-client-secret"
)

// Paths that the bank serves unless the configuration names others.
const (
	DefaultPathPrefix = "/BankingApiV01/"
	DefaultTokenPath  = "/auth/oauth/v2/token"
	DefaultLoanPath   = "/loan/personal/personalInfo"
)

// Names of the methods, as in Call.Method and Match.Method.
const (
	MethodCreate   = "CreateDigitalCustomer"
	MethodUpdate   = "UpdateDigitalCustomerInformations"
	MethodComplete = "CompleteDigitalCustomer"
	MethodLimit    = "GetDbsLimitInfoList"
	MethodInvoice  = "InsertDbsInvoice"
	MethodResults  = "GetDbsInvoiceResultsList"
	MethodLoan     = "personalInfo"
	MethodToken    = "token"
)

var interAPIMethods = []string{MethodCreate, MethodUpdate, MethodComplete, MethodLimit, MethodInvoice, MethodResults}

// Config is everything about a bank that does not change while it runs. The zero
// value, after WithDefaults, is a whole bank with the default world.
type Config struct {
	// Clock is the bank's clock; its day in Istanbul is the bank's today. nil is
	// time.Now.
	Clock func() time.Time
	// World is who banks here; empty is DefaultWorld().
	World World
	// AutoDealer creates dealers on their first call.
	AutoDealer AutoDealer

	// AppKey and SubscriptionKey are what inter-API calls must carry.
	AppKey          string
	SubscriptionKey string
	// BearerToken, when set, must come as a bearer token on inter-API calls too;
	// any live token of the token endpoint does as well.
	BearerToken string
	// PathPrefix plus a method's name is its path; Paths (by method name,
	// "personalInfo" and "token" included) adds a second one.
	PathPrefix string
	Paths      map[string]string

	// ClientID and ClientSecret open the token endpoint. Tokens live
	// TokenLifetime; SecretTries wrong secrets lock the application.
	ClientID      string
	ClientSecret  string
	TokenLifetime time.Duration
	SecretTries   int

	// LimitSuccessCode is "300" (the page's example) or "000" (its table).
	LimitSuccessCode string
	// MaxRangeDays is X of code 203: the days from QueryDate to EndDate, both
	// counted.
	MaxRangeDays int
	// ExcludeMidnightEnd leaves the last day out of a results query whose
	// EndDate is a midnight, as one integrator met it.
	ExcludeMidnightEnd bool
	// HidePassive leaves cancelled invoices out of results queries.
	HidePassive bool
	// Rates are TRY per unit of each currency that the bank knows; TRY is
	// always known.
	Rates map[string]Money
	// Branch is the branch of dealers' accounts and payment references.
	Branch int64

	// Loan is the one product that personalInfo offers.
	Loan LoanProduct

	// Duplicates says whether the bank sees that it is asked for the same thing
	// again; empty is DuplicatesRefused.
	Duplicates Duplicates

	// LedgerFile is where every call and every change of the ledger is appended,
	// one JSON line each (LedgerLine, ReadLedger), and from which the ledger is
	// rebuilt at the start; empty keeps it in memory alone. One bank writes one
	// file. LedgerFile+".key" holds the key of persons' digests.
	LedgerFile string

	// Latency is added to every answer; see also SetLatency.
	Latency Latency
	// JournalCapacity bounds how many calls the journal remembers.
	JournalCapacity int
	// MaxBody bounds a request's body in bytes; a larger one is answered 413.
	MaxBody int64
}

// Duplicates is what the bank does when it is asked for the same thing again.
type Duplicates string

// The contract has codes for repeated inserts but leaves open within what an
// invoice's number is unique (section 3.5), and it is silent on repeated
// completions (section 3.3). A bank that records them shows what a caller's
// repetition can cost: each counts, and takes limit and money, anew.
const (
	// DuplicatesRefused answers 106 to 110, and errFlowCompleted.
	DuplicatesRefused Duplicates = "refused"
	// DuplicatesRecorded records a further invoice with the same number beside the
	// first (Invoice.Copy), and ends a flow again (Flow.Completions). Updates,
	// cancellations and payments mean the newest copy.
	DuplicatesRecorded Duplicates = "recorded"
)

// World is the companies and dealers that exist at the start and after a reset.
type World struct {
	Companies []Company
	Dealers   []Dealer
}

// Company is a main company (ana firma).
type Company struct {
	Code       string `json:"code"`       // AssociationCode
	CustomerNo int64  `json:"customerNo"` // of the company at the bank
	// Currencies are those with a collection channel; any other currency is
	// refused with 103.
	Currencies []string `json:"currencies"`
}

// Dealer is a dealer (bayi) of a company. A dealer with nothing but names is in
// good order, with no limit left and no money.
type Dealer struct {
	Company string `json:"company"`
	Code    string `json:"code"` // SubscriberNumber
	Name    string `json:"name,omitempty"`
	// Limit is the credit limit and Balance the account balance, both in TRY.
	Limit   Money `json:"limit"`
	Balance Money `json:"balance"`
	// FXAccounts are balances of accounts in other currencies.
	FXAccounts map[string]Money `json:"fxAccounts,omitempty"`
	// What is missing: 102, 131 and 301, 116, 115.
	NoPaymentOrder bool `json:"noPaymentOrder,omitempty"`
	NoLimit        bool `json:"noLimit,omitempty"`
	NoOverdraft    bool `json:"noOverdraft,omitempty"`
	AccountClosed  bool `json:"accountClosed,omitempty"`
	// FailWith is the bank-side error that ends this dealer's new and changed
	// invoices without effect: 117 or 118 (term), 119 or 125 (advance), 133
	// (payment in a foreign currency), 999 (any).
	FailWith string `json:"failWith,omitempty"`
}

// AutoDealer says which unknown dealers of a known company come into being on
// their first call, in good order.
type AutoDealer struct {
	// Pattern is a regular expression for dealer codes; empty is "^[0-9]",
	// "none" creates none.
	Pattern string
	Limit   Money // default 1,000,000,000 TRY
	Balance Money // default 1,000,000,000 TRY
}

// LoanProduct is the product that personalInfo prices: the sibling call that
// names amount and term is not simulated. Rates are in hundredths of a percent.
type LoanProduct struct {
	Description   string
	Principal     Money
	Months        int64
	MonthlyRate   Money // percent per month
	Bsmv, Kkdf    Money // percent of the interest
	Insurance     Money
	MinimumIncome Money // below it the answer is ACBH000202
}

// WithDefaults returns the configuration with every empty field filled.
func (c Config) WithDefaults() Config {
	def(&c.AppKey, DefaultAppKey)
	def(&c.SubscriptionKey, DefaultSubscriptionKey)
	def(&c.PathPrefix, DefaultPathPrefix)
	def(&c.ClientID, DefaultClientID)
	def(&c.ClientSecret, DefaultClientSecret)
	def(&c.TokenLifetime, time.Hour)
	def(&c.SecretTries, 5)
	def(&c.LimitSuccessCode, "300")
	def(&c.MaxRangeDays, 31)
	def(&c.Branch, 9142)
	def(&c.JournalCapacity, 1<<18)
	def(&c.MaxBody, 1<<20)
	def(&c.Duplicates, DuplicatesRefused)
	def(&c.AutoDealer.Pattern, "^[0-9]")
	def(&c.AutoDealer.Limit, Units(1_000_000_000))
	def(&c.AutoDealer.Balance, Units(1_000_000_000))
	def(&c.Loan, LoanProduct{
		Description: "TEST", Principal: Units(50_000), Months: 12,
		MonthlyRate: 419, Bsmv: 1500, Kkdf: 1500, Insurance: 122080, MinimumIncome: Units(1_000),
	})
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if len(c.World.Companies) == 0 {
		c.World = DefaultWorld()
	}
	if c.Rates == nil {
		c.Rates = map[string]Money{"USD": Units(40), "EUR": Units(45), "GBP": Units(50)}
	}
	c.Rates = maps.Clone(c.Rates)
	c.Rates[try] = Units(1)
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate says all that is wrong with a configuration that has its defaults.
func (c Config) Validate() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	_, err := c.AutoDealer.matcher()
	bad(err != nil, "auto dealer pattern: %w", err)
	bad(!strings.HasPrefix(c.PathPrefix, "/") || !strings.HasSuffix(c.PathPrefix, "/"), "path prefix must begin and end with /")
	for method, path := range c.Paths {
		known := slices.Contains(interAPIMethods, method) || method == MethodLoan || method == MethodToken
		bad(!known, "path map: no method is called %q", method)
		bad(!strings.HasPrefix(path, "/"), "path of %s must begin with /", method)
		bad(strings.HasPrefix(path, controlPrefix), "path of %s stands in the control API", method)
	}
	bad(c.LimitSuccessCode != "300" && c.LimitSuccessCode != "000", "limit success code must be 300 or 000")
	bad(c.TokenLifetime < time.Second, "token lifetime must be at least 1s")
	bad(c.MaxRangeDays < 1, "max range days must be positive")
	bad(c.JournalCapacity < 1, "journal capacity must be positive")
	bad(c.Duplicates != DuplicatesRefused && c.Duplicates != DuplicatesRecorded, "duplicates must be refused or recorded")
	bad(c.MaxBody < 1, "max body must be positive")
	bad(c.SecretTries < 1, "secret tries must be positive")
	bad(c.Loan.Months < 1 || c.Loan.Principal <= 0 || c.Loan.MonthlyRate <= 0, "loan needs a principal, a rate and a term")
	for currency, rate := range c.Rates {
		bad(rate <= 0, "rate of %s must be positive", currency)
	}
	companies := map[string]bool{}
	for _, company := range c.World.Companies {
		bad(company.Code == "", "a company has no code")
		bad(companies[company.Code], "company %q stands twice", company.Code)
		companies[company.Code] = true
		for _, currency := range company.Currencies {
			bad(c.Rates[currency] == 0, "company %q: no rate for %s", company.Code, currency)
		}
	}
	for _, dealer := range c.World.Dealers {
		bad(!companies[dealer.Company], "dealer %q: no company %q", dealer.Code, dealer.Company)
		bad(dealer.check() != nil, "dealer %q: %w", dealer.Code, dealer.check())
	}
	if err := c.Latency.check(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (d Dealer) check() error {
	if d.Code == "" || d.Company == "" {
		return errors.New("a dealer needs a company and a code")
	}
	if d.FailWith != "" && !slices.Contains([]string{"117", "118", "119", "125", "133", "999"}, d.FailWith) {
		return errors.New("failWith must be 117, 118, 119, 125, 133 or 999")
	}
	return nil
}

func (a AutoDealer) matcher() (*regexp.Regexp, error) {
	if a.Pattern == "none" {
		return nil, nil
	}
	return regexp.Compile(a.Pattern)
}

// istanbulDay is the bank's day at a moment.
func istanbulDay(t time.Time) command.Date { return command.DateOf(t.In(command.Istanbul)) }

const try = "TRY"
