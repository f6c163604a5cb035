package processing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"golang.org/x/time/rate"

	"bankprocessor/internal/command"
)

// ErrReleased is what Handle returns for a command that it gives back unspent
// because its context ended, or because the schema registry is away: whoever reads
// the record next runs it from the start, and nothing that has reached the bank
// makes that wrong.
var ErrReleased = errors.New("released without an outcome")

// Deps are the processor's collaborators. Observer and Logger may be nil; without a
// History every command is fresh, and without a Lease nobody else is feared.
type Deps struct {
	Decoder   Decoder
	Bank      Bank
	Publisher Publisher
	History   History
	Lease     Lease
	Observer  Observer
	Logger    *slog.Logger
	// Now is the clock that expiry and due dates are judged by; nil takes
	// time.Now.
	Now func() time.Time
}

// Processor turns commands into outcomes. It is safe for concurrent use and
// owns no goroutine.
type Processor struct {
	cfg       Config
	decoder   Decoder
	bank      Bank
	publisher Publisher
	history   History
	lease     Lease
	observer  Observer
	log       *slog.Logger
	now       func() time.Time
	retries   map[command.Name]*rate.Limiter
	listings  *listings
	unstored  unstored
}

// New returns a processor. cfg must have passed Validate.
func New(cfg Config, d Deps) *Processor {
	cfg = cfg.WithDefaults()
	p := &Processor{
		cfg: cfg, decoder: d.Decoder, bank: d.Bank, publisher: d.Publisher,
		history: d.History, lease: d.Lease, observer: d.Observer, log: d.Logger, now: d.Now,
		retries: make(map[command.Name]*rate.Limiter), listings: newListings(),
	}
	if p.observer == nil {
		p.observer = NopObserver{}
	}
	if p.history == nil {
		p.history = noHistory{}
	}
	if p.lease == nil {
		p.lease = ownLease{}
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	for _, name := range command.Names() {
		p.retries[name] = rate.NewLimiter(rate.Limit(cfg.RetryRate), cfg.RetryBurst)
	}
	return p
}

// Handle takes one command to its outcome and returns nil once that is durable.
// The end of ctx stops every wait, never a bank call that is under way; the
// command is then either brought to a true end with what is known, or given
// back with an error that errors.Is ErrReleased.
func (p *Processor) Handle(ctx context.Context, m *command.Message) error {
	if f, ok := p.unstored.take(m); ok {
		return p.publish(ctx, m, f)
	}
	received := p.now()
	c, err := p.decoder.Decode(ctx, m)
	if err != nil {
		if unreadable, ok := errors.AsType[*command.DecodeError](err); ok {
			return p.finishUnreadable(ctx, m, unreadable, received)
		}
		return fmt.Errorf("%w: decoding command: %w", ErrReleased, err) // nothing has been done
	}
	r := &run{p: p, m: m, c: c, received: received}
	r.trace = parseTraceparent(m.Header(traceparentHeader))
	if string(m.Key) != c.Payload.OrderingKey() {
		p.observer.KeyMismatch(c.Name())
		p.log.Warn("record key is not the command's ordering key: order is not kept for it",
			"command", c.Name(), "command_id", c.ID, "partition", m.Partition, "offset", m.Offset)
	}
	e, err := r.execute(ctx)
	if err != nil {
		return err
	}
	return r.finish(ctx, e)
}

// run is one command on its way.
type run struct {
	p        *Processor
	m        *command.Message
	c        *command.Command
	received time.Time
	trace    traceparent

	attempts  int    // calls of the command's own method that may have left
	requestID string // of the last of them
	// uncertain says that some attempt may have changed something at the bank
	// without our knowing; calling, that a call of the command's own method has
	// begun and not returned.
	uncertain, calling bool
}

// end is how a run ended, before it becomes an outcome.
type end struct {
	verdict    command.Verdict
	violations command.Violations
	reconciled bool
	weak       bool // reconciled on a row that lacked fields to compare
}

func (r *run) execute(ctx context.Context) (e end, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			e, err = end{verdict: r.panicked(cause)}, nil
		}
	}()
	now := r.p.now()
	if r.c.Expired(now) {
		return end{verdict: expired()}, nil
	}
	rules := command.Rules{Now: now, Currencies: r.p.cfg.Currencies, MaxRangeDays: r.p.cfg.MaxRangeDays}
	violations := r.c.Payload.Validate(rules)
	if len(violations) > 0 {
		return end{verdict: refusedLocally(violations), violations: violations}, nil
	}
	r.warn(rules)
	if invoice, ok := r.c.Payload.(*command.Invoice); ok {
		return r.executeInvoice(ctx, invoice)
	}
	return r.executePlain(ctx)
}

// panicked ends a command that has met a fault of the program: it costs this
// command a dead letter, and neither the process nor a second call at the bank.
// The cause may quote data, so the log has its type and the stack alone.
func (r *run) panicked(cause any) command.Verdict {
	r.p.log.Error("carrying out a command panicked", "command", r.c.Name(), "command_id", r.c.ID,
		"cause_type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	v := command.Verdict{
		Status: command.Failed, Code: command.CodeInternalError, Category: command.CategoryProtocol,
		DeadLetter: true, Detail: "a fault of the processor's own: see its log",
	}
	if (r.calling || r.uncertain) && !r.c.Name().ReadOnly() {
		if r.calling {
			r.attempts++
		}
		return inDoubt(v)
	}
	return v
}

// warn logs what looks odd about a command but does not stop it.
func (r *run) warn(rules command.Rules) {
	warner, ok := r.c.Payload.(command.Warner)
	if !ok {
		return
	}
	for _, warning := range warner.Warnings(rules) {
		r.p.log.Warn("command looks odd: it is sent all the same",
			"command", r.c.Name(), "command_id", r.c.ID, "warning", warning)
	}
}

// executePlain runs every command but an invoice: at most Verdict.Resends
// repeats of the call as it is, and no reconciliation.
func (r *run) executePlain(ctx context.Context) (end, error) {
	var last command.Verdict
	for resends := 0; ; {
		v, err := r.send(ctx, "")
		switch {
		case err != nil:
			return r.stopped(last, err)
		case v.Code == command.CodeCommandExpired && r.uncertain:
			return end{verdict: inDoubt(last)}, nil
		case v.Retry != command.RetryBackoff:
			return end{verdict: r.truthful(v)}, nil
		case r.inOutage(v): // the command is not at fault: nothing is spent
		case resends >= r.resendLimit(v):
			return end{verdict: r.truthful(exhausted(v))}, nil
		default:
			resends++
		}
		last = v
		if err := r.pauseBeforeResend(ctx, resends, v); err != nil {
			return r.stopped(last, err)
		}
	}
}

// resendLimit is how often the call may be repeated because of v. Once an attempt
// at what must not be repeated freely may have been applied, that is once at most
// (contract section 6).
func (r *run) resendLimit(v command.Verdict) int {
	if r.uncertain && !r.c.Name().FreelyRepeatable() {
		return min(v.Resends, 1)
	}
	return v.Resends
}

// stopped ends a run whose context has ended. What is freely repeatable, or has
// never left, is released; the rest ends with what is known.
func (r *run) stopped(last command.Verdict, err error) (end, error) {
	if r.uncertain && !r.c.Name().FreelyRepeatable() {
		return end{verdict: inDoubt(last)}, nil
	}
	return end{}, fmt.Errorf("%w: %w", ErrReleased, err)
}

// inOutage says whether v belongs to an outage that holds everybody up, so that
// the attempt does not count against the command. Only what may be repeated
// freely is forgiven.
func (r *run) inOutage(v command.Verdict) bool {
	return v.BankFault && r.c.Name().FreelyRepeatable() && r.p.bank.Shut(r.c.Name())
}

// truthful keeps a refusal or failure from hiding an earlier attempt of a write
// whose effect is unknown.
func (r *run) truthful(v command.Verdict) command.Verdict {
	if r.uncertain && (v.Status == command.Rejected || v.Status == command.Failed) {
		return inDoubt(v)
	}
	return v
}
