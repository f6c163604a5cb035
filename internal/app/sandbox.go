package app

import (
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/config"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/topics"
)

// SandboxConfig is the configuration of a processor in a sandbox whose topics
// are as t says. The admin port takes a free one.
func SandboxConfig(box *sandbox.Sandbox, t topics.Config) config.Config {
	var c config.Config
	c.Kafka.Brokers = box.Brokers()
	c.Topics = t
	c.Admin.Address = "127.0.0.1:0"
	c.Log.Format = "text"

	c.Banks.InterAPI.HTTP.BaseURL = box.BankURL()
	c.Banks.InterAPI.AppKey = secret.Source{File: box.AppKeyFile()}
	c.Banks.InterAPI.SubscriptionKey = secret.Source{File: box.SubscriptionKeyFile()}
	c.Banks.InterAPI.UserCode = `SANDBOX\processor`
	c.Banks.InterAPI.CustomerNumbers = map[string]int64{}
	for _, company := range banksim.DefaultWorld().Companies {
		c.Banks.InterAPI.CustomerNumbers[company.Code] = company.CustomerNo
	}
	c.Banks.LoanAPI.HTTP.BaseURL = box.BankURL()
	c.Banks.LoanAPI.Token.ClientID = banksim.DefaultClientID
	c.Banks.LoanAPI.Token.ClientSecret = secret.Source{File: box.ClientSecretFile()}
	return c.WithDefaults()
}
