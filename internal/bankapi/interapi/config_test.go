package interapi

import (
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

func validConfig() Config {
	return Config{
		AppKey: secret.Source{Env: "APP_KEY"}, SubscriptionKey: secret.Source{File: "/run/subscription"},
		UserCode: `EXAMPLE\service`, CustomerNumbers: map[string]int64{"SOLEN": 955807},
	}
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	own := map[command.Name]string{command.CustomerCreate: "/api//CreateDigitalCustomer"}
	c := validConfig()
	c.Paths = own
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, path := range methodPaths {
		if name == command.CustomerCreate {
			path = own[name]
		}
		if c.Paths[name] != path {
			t.Errorf("path of %s = %q, want %q", name, c.Paths[name], path)
		}
	}
	if c.Channel != "API" || c.ClosedDelay != time.Minute || c.ClosedResends != 30 || c.MaxParts != 100 || c.MaxRangeDays != 0 || c.DateOnly {
		t.Errorf("defaults %+v", c)
	}
	if len(own) != 1 {
		t.Error("WithDefaults changed the caller's map")
	}
}

func TestConfigFaultsAreAllSaid(t *testing.T) {
	t.Parallel()
	c := Config{
		Paths: map[command.Name]string{
			command.CustomerCreate: "no-slash", command.DBSLimitQuery: "/x?y=1",
			command.LoanIncomeSubmit: "/loan", "other": "/other",
		},
		AppKey:          secret.Source{File: "a", Env: "B"},
		CustomerNumbers: map[string]int64{"SOLEN": 0, " ": 1},
		MaxRangeDays:    -1, MaxParts: -1, ClosedDelay: -1, ClosedResends: -1,
	}
	_, err := New(c, Deps{})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"paths.customer.create:", "paths.dbs.limit.query:", "paths.loan.income.submit:", "paths.other:",
		"subscription_key:", "app_key:", "user_code:", "customer_numbers.SOLEN:", "customer_numbers. :",
		"max_range_days:", "max_parts:", "closed_delay:", "closed_resends:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in: %v", want, err)
		}
	}
}

func TestNewNeedsItsSecrets(t *testing.T) {
	t.Parallel()
	c := validConfig()
	c.AppKey, c.SubscriptionKey = secret.Source{File: "/nonexistent/app"}, secret.Source{File: "/nonexistent/subscription"}
	_, err := New(c, Deps{Client: newClient(t, "http://127.0.0.1:1")})
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/app") || !strings.Contains(err.Error(), "/nonexistent/subscription") {
		t.Errorf("err = %v, want both files named", err)
	}
}

func TestOwnPath(t *testing.T) {
	t.Parallel()
	f := setup(t, []answer{{body: `{}`}}, func(c *Config, _ *Deps) {
		c.Paths = map[command.Name]string{command.DBSLimitQuery: "/api//accounts/GetDbsLimitInfoList"}
	})
	f.call(t, limitCommand(t))
	if got := f.bank.requests[0].URL.Path; got != "/api//accounts/GetDbsLimitInfoList" {
		t.Errorf("path %q", got)
	}
}
