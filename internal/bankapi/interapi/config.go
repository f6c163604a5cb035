package interapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// Config is what inter-API needs to know of us. Host and transport are the
// bankapi.Client's.
type Config struct {
	// Paths maps each command to its method's path behind the base URL.
	Paths map[command.Name]string `yaml:"paths"` // default /BankingApiV01/{Method}
	// SubscriptionKey is the Ocp-Apim-Subscription-Key header, AppKey the
	// Header.AppKey member of the body. They may name the same source.
	SubscriptionKey secret.Source `yaml:"subscription_key"`
	AppKey          secret.Source `yaml:"app_key"`
	// Channel is our name at the bank; TellerName and CallerID are left out when
	// empty.
	Channel    string `yaml:"channel"` // default API
	TellerName string `yaml:"teller_name"`
	CallerID   string `yaml:"caller_id"`
	// UserCode is the DOMAIN\user that completes customers.
	UserCode command.Private `yaml:"user_code"`
	// CustomerNumbers maps each main company's code to its customer number; a
	// command may override it.
	CustomerNumbers map[string]int64 `yaml:"customer_numbers"`
	// MaxRangeDays splits a results query into parts of at most so many days,
	// both ends counted; 0 waits for the bank to tell its bound.
	MaxRangeDays int `yaml:"max_range_days"`
	// MaxParts bounds the exchanges of one results query.
	MaxParts int `yaml:"max_parts"` // default 100
	// DateOnly sends the days of a results query as yyyy-MM-dd, as the bank's
	// page shows, instead of with T00:00:00 and T23:59:59.
	DateOnly bool `yaml:"date_only"`
	// ClosedDelay is the wait after "closed at this hour", ClosedResends how
	// often a command is sent again before a person must look.
	ClosedDelay   time.Duration `yaml:"closed_delay"`   // default 1 min
	ClosedResends int           `yaml:"closed_resends"` // default 30
}

var bankMethods = map[command.Name]string{
	command.CustomerCreate:         "CreateDigitalCustomer",
	command.CustomerUpdate:         "UpdateDigitalCustomerInformations",
	command.CustomerComplete:       "CompleteDigitalCustomer",
	command.DBSLimitQuery:          "GetDbsLimitInfoList",
	command.DBSInvoiceUpsert:       "InsertDbsInvoice",
	command.DBSInvoiceResultsQuery: "GetDbsInvoiceResultsList",
}

// WithDefaults fills in what is not set. The receiver's maps stay as they are.
func (c Config) WithDefaults() Config {
	paths := make(map[command.Name]string, len(bankMethods))
	for name, method := range bankMethods {
		paths[name] = "/BankingApiV01/" + method
	}
	maps.Copy(paths, c.Paths)
	c.Paths = paths
	if c.Channel == "" {
		c.Channel = "API"
	}
	if c.MaxParts == 0 {
		c.MaxParts = 100
	}
	if c.ClosedDelay == 0 {
		c.ClosedDelay = time.Minute
	}
	if c.ClosedResends == 0 {
		c.ClosedResends = 30
	}
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, want string) { errs = append(errs, fmt.Errorf("%s: want %s", key, want)) }
	for _, name := range slices.Sorted(maps.Keys(c.Paths)) {
		path := c.Paths[name]
		switch {
		case bankMethods[name] == "":
			bad("paths."+string(name), "a command of inter-API's")
		case !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# \t"):
			bad("paths."+string(name), "a path that starts with a slash, without query or fragment")
		}
	}
	for key, source := range map[string]secret.Source{
		"subscription_key": c.SubscriptionKey, "app_key": c.AppKey,
	} {
		if source.IsZero() {
			bad(key, "file or env")
		} else if err := source.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	if strings.TrimSpace(c.UserCode.Reveal()) == "" {
		bad("user_code", `the DOMAIN\user of the service account`)
	}
	for _, company := range slices.Sorted(maps.Keys(c.CustomerNumbers)) {
		if strings.TrimSpace(company) == "" || c.CustomerNumbers[company] <= 0 {
			bad("customer_numbers."+company, "a company code with a number above 0")
		}
	}
	if c.MaxRangeDays < 0 {
		bad("max_range_days", "0 or more days")
	}
	if c.MaxParts < 1 {
		bad("max_parts", "at least 1")
	}
	if c.ClosedDelay < 0 {
		bad("closed_delay", "a positive duration")
	}
	if c.ClosedResends < 0 {
		bad("closed_resends", "0 or more")
	}
	return errors.Join(errs...)
}
