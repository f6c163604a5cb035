package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"

	"bankprocessor/internal/config"
	"bankprocessor/internal/deadletters"
)

// toolName is the command line's in the audit.
const toolName = "cli"

// actorFlags say who acts, and why.
type actorFlags struct{ operator, why string }

func (f *actorFlags) add(c *cobra.Command, needed string) {
	c.Flags().StringVar(&f.operator, "operator", "", "`NAME` of who acts, for the audit; without it "+config.OperatorVariable+", or user@host")
	c.Flags().StringVar(&f.why, "why", "", "reason as `TEXT` for the audit, without personal data; needed with "+needed)
}

// by is who acts, as far as the machine tells.
func (f actorFlags) by(t terminal) deadletters.Operator {
	o := deadletters.Operator{Name: f.operator, Tool: toolName}
	if o.Name == "" {
		o.Name = t.variable(config.OperatorVariable)
	}
	if o.Name == "" {
		o.Name = userAtHost()
	}
	return o
}

func userAtHost() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// reasoned refuses an action that nobody says the reason of.
func (f actorFlags) reasoned(action string) error {
	if f.why == "" {
		return fmt.Errorf("%w: %s needs --why: the reason, for the audit", errUsage, action)
	}
	return nil
}
