// Package deadletters is what people do about dead letters: they list and show them,
// have commands carried out again (replay), and state what became of those in doubt
// (resolve). The command line and the console work through it alike.
//
//	bank.dead-letter ─┐                  ┌─► <command> topic, as the next revision (replay)
//	bank.audit       ─┼─► Desk ─ claim ──┤
//	<command>.result ─┘    in bank.audit └─► <command>.result, as the next revision (resolve)
//
// State lives in Kafka alone. bank.audit has one partition, and its order is what
// decides: whoever is to act writes an intended record first, which claims the next
// revision of the command's outcome, and reads the log back. The first claim of a
// revision counts; who comes second is told who was first. What was intended and not
// done is finished by whoever comes next, and as it was intended: they take it over in
// the log, lest two finish it, and a replay's record is looked for from the offset on that
// the claim has kept, so that it is sent once.
//
// What it refuses to do:
//   - Replay a command that may have been applied, unless the operator states that it
//     has not: the bank is asked first, by a person.
//   - Publish as a command of its own, without an id or under a new one, what was so
//     published before: no revision would keep the bank from booking it twice.
//   - Publish to a topic that is none of the commands': a letter's headers are what
//     whoever may write to the topic has written.
//   - Replay or resolve while a replay before has no outcome yet.
//   - Act on a letter whose command has come to another end since: the letter stands
//     before its outcome, and a processor that dies between the two leaves the truth to
//     its successor.
//   - Take a reason that holds personal data.
package deadletters
