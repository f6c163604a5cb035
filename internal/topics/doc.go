// Package topics knows which topics there are, what they are called and how
// they should be, and compares that with a cluster.
//
// A command, its result and its attempt stand in the partition with the same
// index, so that the command topics, the result topics and the attempts have
// equal partition counts. Nothing is compacted: the records hold personal data,
// and deletion by age is what makes it go away (contract section 11.11).
package topics
