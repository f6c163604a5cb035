package deadletters

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// stepTimeout bounds one step, which the end of an order does not cut short. With the
// end of a session it is shorter than atIt: who finishes what was interrupted is not
// overtaken by who began it.
const stepTimeout = 30 * time.Second

// Replay carries a plan out, one step after the other, and tells each through tell,
// which may be nil. Every step is looked at anew before it is taken. The end of ctx
// stops it between two steps. When it ends with an error or ctx, ordering the same
// again goes on where it ended, and sends nothing twice.
func (d *Desk) Replay(ctx context.Context, p *Plan, tell func(Progress)) (Progress, error) {
	var progress Progress
	if err := checkWords(p.order.By, p.order.Why, ""); err != nil {
		return progress, err
	}
	for _, step := range p.Steps {
		progress.count(step, false)
	}
	s, err := d.begin(ctx, p.topics()...)
	if err != nil {
		return progress, err
	}
	defer s.end()
	pace := rate.NewLimiter(rate.Limit(p.order.Rate), 1)
	for i := range p.Steps {
		if !p.Steps[i].Replay {
			continue
		}
		if err := pace.Wait(ctx); err != nil {
			return progress, errors.Join(context.Cause(ctx), err)
		}
		step, err := s.take(ctx, p, p.Steps[i])
		if err != nil {
			return progress, err
		}
		p.Steps[i] = step
		progress.count(step, true)
		progress.Left = time.Duration(float64(progress.Total-progress.Done) / p.order.Rate * float64(time.Second))
		if tell != nil {
			tell(progress)
		}
	}
	return progress, nil
}

// topics are those that a plan publishes to.
func (p *Plan) topics() (all []string) {
	for _, s := range p.Steps {
		if name := s.Entry.Letter.Topic; s.Replay && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// count takes a step in, as it is planned or as it was taken.
func (p *Progress) count(s Step, taken bool) {
	switch {
	case s.Replay && !taken:
		p.Total++
		return
	case s.Replay:
		p.Replayed++
	case s.Refused != "":
		p.Refused++
	default:
		p.Skipped++
	}
	p.Last = s
	if taken {
		p.Done++
	}
}

// take looks at a step anew and takes it if it is still to be taken.
func (s *session) take(ctx context.Context, p *Plan, step Step) (Step, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	if err := s.desk.catchUp(ctx); err != nil {
		return step, err
	}
	step = s.desk.judge(ctx, p.order, step.Entry, step.prior)
	if !step.Replay {
		return step, nil
	}
	sent, err := s.replay(ctx, p, step)
	if refusal, ok := errors.AsType[*RefusedError](err); ok {
		step.Replay, step.Refused = false, refusal.Reason
		return step, nil
	}
	if err != nil {
		return step, fmt.Errorf("replaying %s: %w", step.Entry.Letter.Address(), err)
	}
	step.Sent = sent
	err = s.desk.catchUp(ctx)
	step.Entry.Standing = s.desk.journal.account(step.Entry.Letter).standing
	return step, err
}

// replay publishes a letter's command again and returns where.
func (s *session) replay(ctx context.Context, p *Plan, step Step) (sent string, err error) {
	if step.Resumed {
		return s.resume(ctx, p, step)
	}
	d, l := s.desk, step.Entry.Letter
	out, err := d.draft(ctx, p.order, l, "")
	if err != nil {
		return "", err
	}
	intended := d.record(command.AuditReplay, l, p.order.By, p.order.Why)
	intended.Phase, intended.ID, intended.Job = command.AuditIntended, uuid.NewString(), p.Job
	intended.Revision, intended.NewCommandID = step.Revision, out.newID
	intended.OriginalDigest, intended.EditedDigest = out.original, out.edited
	if p.order.NotApplied && (step.prior == nil || doubtful(step.prior.Status)) {
		intended.Statement = notApplied
	}
	r, err := s.address(ctx, out, l, intended)
	if err != nil {
		return "", err
	}
	tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	log, err := d.rangeOf(ctx, tp)
	if err != nil {
		return "", err
	}
	intended.Target = place(tp, log.Next)
	if err := s.claim(ctx, l, &intended); err != nil {
		return "", err
	}
	return s.send(ctx, step, intended, r)
}

// resume finishes a replay whose claim stands: it is taken over, lest two finish it, and
// then what may have been sent is looked for, from where the partition ended when it was
// intended.
func (s *session) resume(ctx context.Context, p *Plan, step Step) (sent string, err error) {
	d, l := s.desk, step.Entry.Letter
	k := d.journal.account(l)
	if k.pending == nil {
		return "", refused("it was finished meanwhile")
	}
	intended := k.pending.intended
	tp, from, ok := ParsePlace(intended.Target)
	if !ok {
		return "", refused("its record in the audit does not say where it was to be sent: %q", intended.Target)
	}
	intended.Job, intended.At, intended.Actor, intended.Tool, intended.Why = p.Job, d.moment(), p.order.By.Name, p.order.By.Tool, p.order.Why
	if err := s.claim(ctx, l, &intended); err != nil {
		return "", err
	}
	if !k.pending.done { // else it was found there before, and came to nothing
		sent, err = d.sent(ctx, tp, from, intended, p.order.Again)
	}
	if err != nil {
		return "", err
	}
	if sent != "" {
		return sent, s.done(ctx, l, intended, sent)
	}
	out, err := d.draft(ctx, p.order, l, intended.NewCommandID)
	if err != nil {
		return "", err
	}
	if out.newID != intended.NewCommandID {
		return "", refused("it was to be published under the commandId %s: give that again", intended.NewCommandID)
	}
	intended.OriginalDigest, intended.EditedDigest = out.original, out.edited // of what is sent now
	r, err := s.address(ctx, out, l, intended)
	if err != nil {
		return "", err
	}
	if r.Topic != tp.Topic || r.Partition != tp.Partition {
		return "", refused("it was to be sent to %s, and would now go to %s/%d: give the same payload again", tp, r.Topic, r.Partition)
	}
	return s.send(ctx, step, intended, r)
}

// sent looks for what was intended from an offset on, and returns where it stands; ""
// where it was not sent. Where its partition keeps too little to tell, that is refused,
// unless again says that the same revision may be sent once more.
func (d *Desk) sent(ctx context.Context, tp kafka.TopicPartition, from int64, intended command.AuditRecord, again bool) (at string, err error) {
	log, err := d.rangeOf(ctx, tp)
	if err != nil {
		return "", err
	}
	if from < log.First && !again {
		return "", refused("what %s has sent may have been deleted by age since %s: whether it was sent cannot be told; --again sends it, should no processor have seen it",
			intended.Actor, moment(intended.At))
	}
	end, err := d.endOf(ctx, tp, log)
	if err != nil {
		return "", err
	}
	_, err = d.scan(ctx, tp, max(from, log.First), end, func(r kafka.Record) bool {
		if string(lastHeader(r.Headers, command.HeaderReplayID)) == intended.ID {
			at = place(tp, r.Offset)
		}
		return at == ""
	})
	return at, err
}

// send publishes what was claimed, and says so in the audit.
func (s *session) send(ctx context.Context, step Step, intended command.AuditRecord, r kafka.Record) (string, error) {
	at, err := s.batcher.Produce(ctx, r)
	if err != nil {
		return "", err
	}
	sent := place(kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, at)
	return sent, s.done(ctx, step.Entry.Letter, intended, sent)
}
