package processing

import (
	"errors"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"bankprocessor/internal/command"
)

// ErrReleased is what Handle returns for a command that it gives back because its
// context ended, or because the schema registry is away. Whoever reads the record
// next runs it: nothing that has reached the bank makes that wrong, or all that he
// must know of it stands in the attempts.
var ErrReleased = errors.New("released without an outcome")

// Deps are the processor's collaborators. Observer and Logger may be nil; without a
// History every command is fresh, and without a Lease nobody else is feared.
type Deps struct {
	Decoder   Decoder
	Bank      Bank
	Publisher Publisher
	History   History
	Lease     Lease
	// Fenced says whether the cause that ended a context of Handle's is that the
	// group has given the partition to somebody else: nothing is written any more.
	// Nil knows no such cause.
	Fenced   func(cause error) bool
	Observer Observer
	// Tracer follows every command; nil follows none.
	Tracer Tracer
	Logger *slog.Logger
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
	permit    func() error // lease.Check
	fenced    func(cause error) bool
	observer  Observer
	tracer    Tracer // nil for none
	log       *slog.Logger
	now       func() time.Time
	recorded  map[command.Name]bool // whose attempts are written
	retries   map[command.Name]*rate.Limiter
	listings  *listings
	unstored  unstored
	uncalled  uncalled
	graces    graces
	ids       requestIDs
}

// New returns a processor. cfg must have passed Validate.
func New(cfg Config, d Deps) *Processor {
	cfg = cfg.WithDefaults()
	p := &Processor{
		cfg: cfg, decoder: d.Decoder, bank: d.Bank, publisher: d.Publisher,
		history: d.History, lease: d.Lease, fenced: d.Fenced, observer: d.Observer, tracer: d.Tracer, log: d.Logger, now: d.Now,
		recorded: make(map[command.Name]bool), retries: make(map[command.Name]*rate.Limiter), listings: newListings(),
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
	p.permit = p.lease.Check
	if p.fenced == nil {
		p.fenced = func(error) bool { return false }
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	for _, name := range cfg.Attempts {
		p.recorded[command.Name(name)] = true
	}
	for _, name := range command.Names() {
		p.retries[name] = rate.NewLimiter(rate.Limit(cfg.RetryRate), cfg.RetryBurst)
	}
	return p
}
