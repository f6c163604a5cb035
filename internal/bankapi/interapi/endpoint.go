package interapi

import (
	"context"
	"fmt"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/parcel"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// endpoint is one method's place at the bank; the six methods embed it.
type endpoint struct {
	cfg                     Config
	appKey, subscriptionKey *secret.Live
	client                  *bankapi.Client
	tokens                  *bankapi.Tokens // nil for none
	group                   *bankapi.Group
	url                     string
	write                   bool // the method changes something
	// resends is how often a write may be repeated as it is while its effect is
	// unknown; 0 demands a reconciliation instead.
	resends int
}

// Group returns the method's operation group.
func (e *endpoint) Group() *bankapi.Group { return e.group }

// Format keeps keys and the user code out of every print.
func (e *endpoint) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "method of %s", e.group.Name()) }

// Wait returns nil once a call may be tried, or ctx's cause.
func (e *endpoint) Wait(ctx context.Context) error {
	if e.tokens != nil {
		if err := e.tokens.Wait(ctx); err != nil {
			return err
		}
	}
	return e.group.Wait(ctx)
}

// Shut says whether Wait would block for longer than it takes a call to end.
func (e *endpoint) Shut() bool {
	return e.group.Shut() || (e.tokens != nil && e.tokens.Shut())
}

// exchange writes the request around its parameters, sends it inside the group
// and reads the answer. read judges Data; a fault that it meets there makes the
// answer unreadable, whatever it returns.
func (e *endpoint) exchange(
	ctx context.Context, c *command.Command, call command.Call,
	parameters func(*wire.Writer), read func(data wire.Object) command.Verdict,
) command.Verdict {
	p := parcel.Take()
	body, err := e.request(&p.Body, c, call, parameters)
	if err != nil {
		p.Return()
		return unsendable(command.CodeCommandInvalid, command.CategoryValidation, "the request cannot be written: "+err.Error())
	}
	v := e.post(ctx, p, body, call, read)
	p.Return()
	return v
}

// post sends the body, and again where the first token is refused.
func (e *endpoint) post(
	ctx context.Context, p *parcel.Parcel, body []byte, call command.Call, read func(wire.Object) command.Verdict,
) command.Verdict {
	if e.tokens == nil {
		return e.group.Do(ctx, func(ctx context.Context) command.Verdict {
			e.head(p, call)
			return e.judge(&p.Answer, p.Post(ctx, e.client, e.url, body, call.Permit), read)
		})
	}
	return e.tokens.Call(ctx, e.group, func(ctx context.Context, token bankapi.Token) command.Verdict {
		e.head(p, call)
		p.Header = append(p.Header, token.Authorization())
		return e.judge(&p.Answer, p.Post(ctx, e.client, e.url, body, call.Permit), read)
	})
}

// request writes the envelope of contract section 1.4.
func (e *endpoint) request(w *wire.Writer, c *command.Command, call command.Call, parameters func(*wire.Writer)) ([]byte, error) {
	w.Begin()
	w.BeginObject("Header")
	w.Text("AppKey", e.appKey.Recent().Reveal())
	w.Text("Channel", e.cfg.Channel)
	w.TextWithout("ChannelSessionId", c.ID, "-")
	w.Text("ChannelRequestId", call.RequestID)
	w.OptionalText("TellerName", e.cfg.TellerName)
	w.OptionalText("CallerId", e.cfg.CallerID)
	w.End()
	w.BeginSingle("Parameters")
	parameters(w)
	w.EndSingle()
	w.End()
	return w.Bytes()
}

// head begins the header anew.
func (e *endpoint) head(p *parcel.Parcel, call command.Call) {
	p.Header = p.Header[:0]
	p.Add("Content-Type", "application/json; charset=utf-8")
	p.Add("Accept", "application/json")
	p.Add("Ocp-Apim-Subscription-Key", e.subscriptionKey.Recent().Reveal())
	if call.Traceparent != "" {
		p.Add("Traceparent", call.Traceparent)
	}
}

// unsendable is the verdict on a request that we cannot make. Nothing was sent,
// and a person must look: upstream cannot have meant it.
func unsendable(code command.Code, category command.Category, detail string) command.Verdict {
	return command.Verdict{
		Status: command.Rejected, Code: code, Category: category, DeadLetter: true,
		Delivery: command.NotSent, Uncounted: true, Detail: detail,
	}
}

// wrongPayload is the verdict on a command of another method.
func wrongPayload() command.Verdict {
	return unsendable(command.CodeCommandSchemaMismatch, command.CategoryValidation,
		"the command's payload is not of the method that it was sent to")
}
