package codec

import (
	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// EncodeAudit writes an audit record with its current schema.
func (c *Codec) EncodeAudit(a *command.AuditRecord) ([]byte, error) {
	return c.audit.encode(func(w walker) { auditFields(w, a) })
}

// DecodeAudit reads an audit record in single-object encoding. Its error is a
// *command.DecodeError.
func (c *Codec) DecodeAudit(b []byte) (*command.AuditRecord, error) {
	if frameOf(b) != frameSingle {
		return nil, undecodable("", "the audit record is not in Avro single-object encoding: want C3 01 and a fingerprint")
	}
	t, datum, err := c.singleObject(schemas.AuditTopic, b)
	if err != nil {
		return nil, err
	}
	a := &command.AuditRecord{}
	if t.readBinary(datum, func(w walker) { auditFields(w, a) }) {
		return a, nil
	}
	return referenceAudit(t, datum)
}

func referenceAudit(t *avroType, datum []byte) (*command.AuditRecord, error) {
	values, err := t.decode(datum)
	if err != nil {
		return nil, undecodable("", err.Error())
	}
	a := &command.AuditRecord{}
	if first := read(values, func(w walker) { auditFields(w, a) }); first != nil {
		return nil, undecodable(first.field, first.reason)
	}
	return a, nil
}

func auditFields(w walker, a *command.AuditRecord) {
	text(w, "action", &a.Action)
	text(w, "phase", &a.Phase)
	text(w, "id", &a.ID)
	text(w, "job", &a.Job)
	w.moment("at", &a.At)
	text(w, "actor", &a.Actor)
	text(w, "tool", &a.Tool)
	text(w, "why", &a.Why)
	text(w, "commandId", &a.CommandID)
	text(w, "command", &a.Command)
	short(w, "revision", &a.Revision)
	text(w, "newCommandId", &a.NewCommandID)
	text(w, "letter", &a.Letter)
	text(w, "original", &a.Original)
	text(w, "statement", &a.Statement)
	text(w, "status", &a.Status)
	text(w, "code", &a.Code)
	text(w, "bankReference", &a.BankReference)
	text(w, "target", &a.Target)
	text(w, "originalDigest", &a.OriginalDigest)
	text(w, "editedDigest", &a.EditedDigest)
}
