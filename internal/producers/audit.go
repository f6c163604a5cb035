package producers

import (
	"context"
	"fmt"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// AuditActor is who the processor is in the audit.
const AuditActor = "processor"

// replayed stores in the audit what has come of a replay.
func (p *Publisher) replayed(ctx context.Context, m *command.Message, o *command.Outcome) error {
	value, err := p.encoder.EncodeAudit(&command.AuditRecord{
		Action: command.AuditReplay, Phase: command.AuditOutcome, At: o.CompletedAt,
		Actor: AuditActor, Tool: AuditActor,
		CommandID: o.CommandID, Command: o.Command, Revision: o.Revision,
		Letter: string(m.Header(command.HeaderReplayOf)), Original: place(m.Topic, m.Partition, m.Offset),
		Status: o.Status, Code: o.Code,
	})
	if err != nil {
		return fmt.Errorf("encoding audit of command %s: %w", o.CommandID, err)
	}
	_, err = p.writer.Produce(ctx, kafka.Record{Topic: p.names.Audit(), Key: []byte(o.CommandID), Value: value})
	if err != nil {
		return fmt.Errorf("storing audit of command %s: %w", o.CommandID, err)
	}
	return nil
}
