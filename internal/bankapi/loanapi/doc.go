// Package loanapi is the client of VakıfBank's loan API (contract sections 1.5,
// 3.7 and 5.4): one method, which submits an applicant's income and is answered
// by an offer.
//
// The bank answers business errors with HTTP 400 and its own envelope, so the
// body is read before the status is judged. Nothing can be queried afterwards:
// what may have been applied is resent once at most and is then in doubt.
//
// The package refuses to compute from an offer, to compare identity numbers, and
// to take an offer whose application number is not the command's.
package loanapi
