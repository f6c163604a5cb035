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
	each  func(Line) error
	all   []Line
}

// Line is a line of the closing table: a command, or many of a kind, and what came
// of it.
type Line struct {
	Command string `json:"command"`
	Title   string `json:"title"`
	// Status is "no outcome" where not even the command's id can be read.
	Status     string `json:"status"`
	Code       string `json:"code"`
	BankCode   string `json:"bankCode,omitempty"`
	DeadLetter string `json:"deadLetter,omitempty"` // its reason
	// Wrong is how it differs from what it should be; empty when it does not.
	Wrong []string `json:"wrong"`
}

func newReporter(out io.Writer, o Options) *reporter {
	r := &reporter{out: out, color: o.Color, each: o.Each}
	if r.each == nil {
		r.each = func(Line) error { return nil }
	} else {
		r.out = io.Discard
	}
	return r
}

// add takes a line into the table.
func (r *reporter) add(l Line) error {
	if l.Wrong == nil {
		l.Wrong = []string{}
	}
	r.all = append(r.all, l)
	return r.each(l)
}

func (r *reporter) say(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format+"\n", args...) }

func (r *reporter) act(title string) { r.say("\n%s", r.bold(title)) }

// step prints a step as its outcome arrives.
func (r *reporter) step(p played) error {
	line := Line{Command: string(p.step.name), Title: p.step.title, Wrong: p.wrong, Status: "no outcome"}
	if o := p.outcome; o != nil {
		line.Status, line.Code, line.BankCode = string(o.Status), string(o.Code), o.BankCode
	} else if p.letter != nil {
		line.Code = p.letter.Header("dlq-code")
	}
	if p.letter != nil {
		line.DeadLetter = p.letter.Header("dlq-reason")
	}
	r.say("  %s %-10s %-32s %s", r.mark(p.wrong), line.Status, line.Code, p.step.title)
	for _, detail := range details(p) {
		r.say("      %s", detail)
	}
	r.complain(p.wrong)
	return r.add(line)
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

func (r *reporter) outage(o outage) error {
	r.say("  %s breaker of interapi.dbs.read: %s", r.mark(o.wrong), strings.Join(slices.Compact(o.states), " → "))
	r.say("      %d commands waited up to %s; the bank saw %d calls while it was down", burst, o.waited.Round(100*time.Millisecond), o.calls)
	r.say("      outcomes: %v; dead letters: %d", o.outcomes, o.letters)
	r.say("      meanwhile: %s", o.other.step.title)
	r.complain(o.wrong)
	return r.add(Line{
		Command: string(command.DBSLimitQuery), Title: fmt.Sprintf("%d queries through an outage", burst),
		Status: string(command.Succeeded), Code: string(command.CodeLimitListed), Wrong: o.wrong,
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
		if len(l.Wrong) > 0 {
			verdict = "NO"
			wrong++
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			l.Command, l.Title, l.Status, l.Code, dash(l.BankCode), dash(l.DeadLetter), verdict)
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
