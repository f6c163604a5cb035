package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

// filterFlags pick dead letters.
type filterFlags struct{ reason, code, command, key, keyID, state, since, until string }

func (f *filterFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.reason, "reason", "", "only of this `REASON`: "+strings.Join(reasons(), ", "))
	c.Flags().StringVar(&f.code, "code", "", "only of this `CODE`, such as dbs.invoice.unresolved")
	c.Flags().StringVar(&f.command, "command", "", "only of this `COMMAND`, such as dbs.invoice.upsert")
	c.Flags().StringVar(&f.key, "key", "", "only of records with this `KEY`, such as SOLEN|0222")
	c.Flags().StringVar(&f.keyID, "key-id", "", "only those that are sealed with the key of this `ID`")
	c.Flags().StringVar(&f.state, "state", "", "only in this `STATE`: "+strings.Join(states(), ", "))
	oneOf(c, "state", states()...)
	c.Flags().StringVar(&f.since, "since", "", "only given up since this `TIME`, such as 24h or 2026-01-31T08:00:00Z")
	c.Flags().StringVar(&f.until, "until", "", "only given up until this `TIME`, likewise")
}

func reasons() []string {
	var all []string
	for _, r := range []command.DeadLetterReason{
		command.ReasonMalformed, command.ReasonRejectedByContract, command.ReasonExhausted,
		command.ReasonInDoubt, command.ReasonUnknownCode,
	} {
		all = append(all, string(r))
	}
	return all
}

func states() []string {
	var all []string
	for _, s := range deadletters.States() {
		all = append(all, string(s))
	}
	return all
}

// any says whether one is given.
func (f filterFlags) any() bool { return f != filterFlags{} }

func (f filterFlags) filter(now time.Time) (deadletters.Filter, error) {
	p := deadletters.Filter{
		Reason: command.DeadLetterReason(f.reason), Code: command.Code(f.code), Key: f.key, KeyID: f.keyID,
		State: deadletters.State(f.state),
	}
	if f.reason != "" && !slices.Contains(reasons(), f.reason) {
		return p, fmt.Errorf("%w: --reason is %q: want one of %s", errUsage, f.reason, strings.Join(reasons(), ", "))
	}
	if f.code != "" && !command.Known(p.Code) {
		return p, fmt.Errorf("%w: --code is %q: want one of those in docs/reference/codes.md", errUsage, f.code)
	}
	var err error
	if f.command != "" {
		if p.Command, err = commandName(f.command); err != nil {
			return p, err
		}
	}
	if p.Since, err = timeFlag("since", f.since, now); err != nil {
		return p, err
	}
	p.Until, err = timeFlag("until", f.until, now)
	return p, err
}
