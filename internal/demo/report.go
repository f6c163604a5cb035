package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bankprocessor/internal/command"
)

// reporter prints the demo to people.
type reporter struct {
	out   io.Writer
	color bool
	all   []row
}

// row is a line of the closing table.
type row struct {
	command, title, outcome, code, bankCode, letter string
	wrong                                           []string
}

func (r *reporter) say(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format+"\n", args...) }

func (r *reporter) act(title string) { r.say("\n%s", r.bold(title)) }

// step prints a step as its outcome arrives.
func (r *reporter) step(p played) {
	line := row{command: string(p.step.name), title: p.step.title, wrong: p.wrong, outcome: "no outcome"}
	if o := p.outcome; o != nil {
		line.outcome, line.code, line.bankCode = string(o.Status), string(o.Code), o.BankCode
	} else if p.letter != nil {
		line.code = p.letter.Header("dlq-code")
	}
	if p.letter != nil {
		line.letter = p.letter.Header("dlq-reason")
	}
	r.all = append(r.all, line)
	r.say("  %s %-10s %-32s %s", r.mark(p.wrong), line.outcome, line.code, p.step.title)
	for _, detail := range details(p) {
		r.say("      %s", detail)
	}
	r.complain(p.wrong)
}

// details are what is worth a line of its own beside the outcome.
func details(p played) (lines []string) {
	if o := p.outcome; o != nil {
		for _, v := range o.Violations {
			lines = append(lines, fmt.Sprintf("%s: %s", v.Field, v.Message))
		}
		if o.Reconciled {
			lines = append(lines, fmt.Sprintf("%d calls, bank code %s; the bank's own list decided", o.Attempts, o.BankCode))
		}
		switch result := o.Result.(type) {
		case *command.InvoiceResultList:
			for _, invoice := range result.Rows {
				lines = append(lines, fmt.Sprintf("invoice %s, %s %s, due %s", invoice.InvoiceNumber, invoice.InvoiceAmount, invoice.InvoiceCurrency, invoice.DueDate))
			}
		case *command.LoanOffer:
			lines = append(lines, fmt.Sprintf("offered: %s a month", result.MonthlyInstallmentAmount))
		}
	}
	if p.letter != nil {
		lines = append(lines, fmt.Sprintf("dead letter: %s, the record's %d bytes intact; %s",
			p.letter.Header("dlq-reason"), len(p.letter.Record.Value), p.letter.Header("dlq-message")))
	}
	return lines
}

func (r *reporter) outage(o outage) {
	r.say("  %s breaker of interapi.dbs.read: %s", r.mark(o.wrong), strings.Join(slices.Compact(o.states), " → "))
	r.say("      %d commands waited up to %s; the bank saw %d calls while it was down", burst, o.waited.Round(100*time.Millisecond), o.calls)
	r.say("      outcomes: %v; dead letters: %d", o.outcomes, o.letters)
	r.say("      meanwhile: %s", o.other.step.title)
	r.complain(o.wrong)
	r.all = append(r.all, row{
		command: string(command.DBSLimitQuery), title: fmt.Sprintf("%d queries through an outage", burst),
		outcome: string(command.Succeeded), code: string(command.CodeLimitListed), wrong: o.wrong,
	})
}

// complain prints how something differs from what it should be.
func (r *reporter) complain(wrong []string) {
	for _, w := range wrong {
		r.say("      %s", r.red("wrong: "+w))
	}
}

// table prints the closing table and returns how many rows are wrong.
func (r *reporter) table() (wrong int) {
	r.act("In all")
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  command\twhat\toutcome\tcode\tbank\tdead letter\tas it should be")
	for _, l := range r.all {
		verdict := "yes"
		if len(l.wrong) > 0 {
			verdict = "NO"
			wrong++
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			l.command, l.title, l.outcome, l.code, dash(l.bankCode), dash(l.letter), verdict)
	}
	_ = w.Flush()
	return wrong
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (r *reporter) mark(wrong []string) string {
	if len(wrong) > 0 {
		return r.red("✗")
	}
	return r.paint("32", "✓")
}

func (r *reporter) bold(s string) string { return r.paint("1", s) }
func (r *reporter) red(s string) string  { return r.paint("31", s) }

func (r *reporter) paint(code, s string) string {
	if !r.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
