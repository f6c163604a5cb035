package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
)

// stepTimeout bounds one step; the slowest waits some seconds at the bank.
const stepTimeout = 20 * time.Second

// stage runs steps against a processor and collects what it publishes.
type stage struct {
	bank    *banksim.Bank
	drafter upstream.Drafter
	sender  *upstream.Sender

	// customer is the last one that the bank created.
	customer command.CustomerCreated

	mu       sync.Mutex
	outcomes map[string][]*command.Outcome // by command id
	letters  map[string]downstream.Event   // by the place of the original record
	breaker  []string                      // states of the limit queries' breaker, as they followed
	arrived  chan struct{}                 // closed and replaced at every event
}

func newStage(bank *banksim.Bank) *stage {
	return &stage{
		bank:     bank,
		outcomes: map[string][]*command.Outcome{}, letters: map[string]downstream.Event{},
		arrived: make(chan struct{}),
	}
}

// collect takes one event in; a watcher calls it.
func (s *stage) collect(e downstream.Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.DeadLetter():
		s.letters[e.Header("dlq-topic")+"/"+e.Header("dlq-partition")+"/"+e.Header("dlq-offset")] = e
	case e.Outcome != nil:
		s.outcomes[e.Outcome.CommandID] = append(s.outcomes[e.Outcome.CommandID], e.Outcome)
		if created, ok := e.Outcome.Result.(*command.CustomerCreated); ok {
			s.customer = *created
		}
	}
	s.tell()
	return true
}

// breakerChanged takes a change of some group's breaker in.
func (s *stage) breakerChanged(group, _, to string) {
	if group != bankapi.GroupInterAPIDBSRead {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaker = append(s.breaker, to)
	s.tell()
}

// tell wakes whoever waits for something to arrive.
func (s *stage) tell() {
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// until waits for a condition on what has been collected.
func (s *stage) until(ctx context.Context, what string, ok func() bool) error {
	for {
		s.mu.Lock()
		done, arrived := ok(), s.arrived
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
	}
}

// played is a step with what came of it.
type played struct {
	step    step
	outcome *command.Outcome // nil when there was none
	letter  *downstream.Event
	wrong   []string // how it differs from what it should be
}

// play runs one step.
func (s *stage) play(ctx context.Context, st step) (played, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if st.prepare != nil {
		if err := st.prepare(s); err != nil {
			return played{}, fmt.Errorf("preparing %q: %w", st.title, err)
		}
	}
	record, id, err := s.draft(st)
	if err != nil {
		return played{}, fmt.Errorf("drafting %q: %w", st.title, err)
	}
	sent, err := s.sender.Send(ctx, record)
	if err != nil {
		return played{}, fmt.Errorf("sending %q: %w", st.title, err)
	}
	p := played{step: st}
	err = s.until(ctx, "what comes of it", func() bool {
		return (st.want.status == "" || len(s.outcomes[id]) > 0) &&
			(st.want.letter == "" || s.letters[place(sent[0])].Record.Topic != "")
	})
	if err != nil {
		p.wrong = append(p.wrong, err.Error())
	}
	s.judge(&p, id, sent[0])
	return p, nil
}

// draft makes the step's record. id is "" when the value has none.
func (s *stage) draft(st step) (record kafka.Record, id string, err error) {
	if st.raw != nil {
		var envelope struct{ CommandID string }
		_ = json.Unmarshal(st.raw, &envelope) // most are not even JSON
		return kafka.Record{
			Topic: s.drafter.Topics.Command(st.name), Key: []byte("demo"), Value: st.raw,
			Headers: []kafka.Header{{Key: "upstream", Value: []byte("demo")}, {Key: "upstream", Value: nil}},
		}, envelope.CommandID, nil
	}
	f := fields{}
	example := json.NewDecoder(strings.NewReader(schemas.Example(string(st.name))))
	example.UseNumber()
	if err := example.Decode(&f); err != nil {
		return record, "", fmt.Errorf("reading the published example: %w", err)
	}
	if st.edit != nil {
		s.mu.Lock()
		st.edit(f, s)
		s.mu.Unlock()
	}
	text, err := json.Marshal(f)
	if err != nil {
		return record, "", err
	}
	draft, err := s.drafter.FromJSON(st.name, text)
	if err != nil {
		return record, "", err
	}
	return draft.Record, draft.Command.ID, nil
}

// judge compares what came with what should have.
func (s *stage) judge(p *played, id string, sent kafka.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	differs := func(what string, got, want any) {
		if got != want {
			p.wrong = append(p.wrong, fmt.Sprintf("%s is %v, want %v", what, got, want))
		}
	}
	if letter, ok := s.letters[place(sent)]; ok {
		p.letter = &letter
	}
	if got := s.outcomes[id]; len(got) > 0 {
		p.outcome = got[0]
		differs("the number of outcomes", len(got), 1)
	}
	w := p.step.want
	reason := ""
	if p.letter != nil {
		reason = p.letter.Header("dlq-reason")
		differs("the dead letter's code", p.letter.Header("dlq-code"), string(w.code))
		if err := sameBytes(sent, p.letter.Record); err != nil {
			p.wrong = append(p.wrong, err.Error())
		}
	}
	differs("the dead letter's reason", reason, string(w.letter))
	if o := p.outcome; o != nil {
		differs("status", o.Status, w.status)
		differs("code", o.Code, w.code)
		differs("bank code", o.BankCode, w.bankCode)
		differs("reconciled", o.Reconciled, w.reconciled)
		differs("attempts", o.Attempts, w.calls)
		differs("the bank's count of calls", s.callsAtBank(id, p.step.name, string(sent.Key)), w.calls)
	} else {
		differs("status", command.Status(""), w.status)
	}
}

var bankMethods = map[command.Name]string{
	command.CustomerCreate: banksim.MethodCreate, command.CustomerUpdate: banksim.MethodUpdate,
	command.CustomerComplete: banksim.MethodComplete, command.DBSLimitQuery: banksim.MethodLimit,
	command.DBSInvoiceUpsert: banksim.MethodInvoice, command.DBSInvoiceResultsQuery: banksim.MethodResults,
}

// callsAtBank counts the calls of the command's own method that the bank saw. The
// loan API is told no command id: its calls are those with the command's key.
func (s *stage) callsAtBank(id string, name command.Name, key string) (n int) {
	session := strings.ReplaceAll(id, "-", "")
	for _, c := range s.bank.Calls(0) {
		if c.ChannelSessionID == session && c.Method == bankMethods[name] ||
			name == command.LoanIncomeSubmit && c.Method == banksim.MethodLoan && c.Key == key {
			n++
		}
	}
	return n
}

func place(r kafka.Record) string { return fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset) }

// sameBytes says where a dead letter differs from the record that it holds; the
// headers that begin it are the record's own.
func sameBytes(sent, letter kafka.Record) error {
	if !bytes.Equal(sent.Key, letter.Key) || !bytes.Equal(sent.Value, letter.Value) {
		return errors.New("the dead letter's key or value differs from the command's")
	}
	for i, h := range sent.Headers {
		if i >= len(letter.Headers) || letter.Headers[i].Key != h.Key || !bytes.Equal(letter.Headers[i].Value, h.Value) {
			return errors.New("the dead letter's headers differ from the command's")
		}
	}
	return nil
}
