// Package verdicts shows the banks' code tables to people.
package verdicts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

// afterwards says what follows an answer of a retry class.
var afterwards = map[command.Retry]string{
	command.RetryNever:     "it stands",
	command.RetryReconcile: "it is looked up at the bank",
	command.RetryPause:     "the group waits, nothing is spent",
	command.RetryDelay:     "it waits as the bank asks, nothing is spent",
}

// Table is a bank's codes: what each is taken for at first, and what follows.
func Table(t testing.TB, table map[string]command.Verdict) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| the bank's | code | status | then | dead letter, if it stays so | breaker |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, code := range slices.Sorted(maps.Keys(table)) {
		v := table[code]
		then := afterwards[v.Retry]
		if v.Retry == command.RetryBackoff {
			then = fmt.Sprintf("it is sent again, %s at most", times(v.Resends))
		}
		if v.NoResend {
			then += ", and never sent again"
		}
		if then == "" {
			t.Errorf("%s has a retry class of no words", code)
		}
		fmt.Fprintf(&b, "| %s | `%s` | `%s` | %s | %s | %s |\n", code, v.Code, v.Status, then, yes(v.DeadLetter), breaker(v))
	}
	return b.String() + "\n"
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// breaker says how the call counts there.
func breaker(v command.Verdict) string {
	switch {
	case v.Uncounted:
		return "not counted"
	case v.BankFault:
		return "failure"
	}
	return "success"
}
