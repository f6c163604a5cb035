// Package examples runs the programs of the folder examples as a user would, on one
// stream of outcomes with everything in it that a subscriber must bear, and compares
// what they have booked. It also holds docs/subscribers.md to the programs' text.
//
// EXAMPLES_BROKER chooses the broker: "embedded", the default, or "container", one
// Apache Kafka for the tests of this package.
package examples
