// Package console drives the operators' console in Chromium, over a whole processor with
// a broker and a bank: what an operator does at night, how every page looks, reads and
// weighs, what hostile text does, and how calm the live page is on a busy day.
//
// The pages are driven by programs for Node.js (*.cjs); Go puts the world around them
// and asks Kafka and the bank what has come of it. Screenshots are left in out/console.
package console
