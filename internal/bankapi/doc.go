// Package bankapi is what both bank clients stand on: one HTTP round trip that
// knows whether it was sent, operation groups with a breaker, a gate and
// limits, OAuth2 client credentials, secrets, and the reading of HTTP answers
// that hold no envelope.
//
// # A call
//
//	processing -> Router.Wait -> Group.Wait          blocks while the gate is shut, or full
//	processing -> Router.Call -> Method.Call
//	                               -> Group.Do       limits, gate, breaker
//	                                    -> Client.Post
//	                                    -> the method's code table, or VerdictOfHTTP
//
// # Non-obvious
//
//   - HTTP/1.1 is spoken by the goroutine of the call (ADR 13): what has left is what
//     the kernel has taken, to the byte. net/http is there where h2 is offered; once
//     httptrace.WroteHeaders has fired there, a request counts as sent for good, even
//     where net/http replays it on another connection by itself.
//   - A call's permit is asked ahead of everything and, over HTTP/1.1, again by the
//     connection right before each write: between the two a connection may have been
//     dialled, or the process stopped. Over h2 the header has left by the time that
//     anybody can ask again, so that such a call is in doubt.
//   - An idle connection is asked for its silence before it is used, by a read that
//     does not wait: anything, the end included, ends it. With TLS the read goes
//     through TLS, which may hold what the system has handed out already.
//   - The read that looks for silence fails with an error that is temporary: any other
//     would stay with TLS for good.
//   - A context that is cancelled moves its connection's deadline, from a goroutine of
//     its own. Where that may have begun, the connection is closed: it would hit the
//     next call.
//   - No Idempotency-Key header is ever set: net/http would take it as leave to
//     resend a POST that has already left.
//   - gobreaker leaves the open state only when asked, and only strictly after
//     its timeout; the gate asks one nanosecond later.
//   - The gate hands tickets to as many waiters as the half-open breaker takes.
//     A ticket names nobody and lapses, so that a waiter which gives up costs
//     the others a moment, not the probe.
//   - A verdict from a call that was admitted before the gate last changed
//     neither shuts nor opens it.
//   - A gate whose limit is full is not shut: commands wait at it without an attempt
//     announced, and the intake goes on.
//
// The package refuses to retry (processing does), to follow redirects, to use a
// proxy from the environment, and to print a secret, a query or a body.
package bankapi
