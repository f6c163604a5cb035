package story

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/story/world"
)

var update = flag.Bool("update", false, "rewrite the golden texts")

func placeOf(topic string, partition, offset int64) string {
	return fmt.Sprintf("%s/%d@%d", topic, partition, offset)
}

func names(all ...world.Sent) (names []string) {
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}

func sorted(all []string) []string { return slices.Sorted(slices.Values(all)) }

// transcript is what the audit and the outcomes tell of each command, under the names
// of the story. What the operator and the processor write about one revision may stand
// in any order; here it is the one in which it happens.
func transcript(w *world.World, about []world.Sent) string {
	w.T.Helper()
	audit := w.Audit()
	var b strings.Builder
	for _, s := range about {
		fmt.Fprintf(&b, "%s\n", s.Name)
		story := storyOf(audit, s)
		for _, a := range story {
			fmt.Fprintf(&b, "  %s\n", auditLine(a))
		}
		for _, o := range outcomesOf(w, s, story) {
			fmt.Fprintf(&b, "  = revision %d %s %s\n", o.Revision, o.Status, o.Code)
		}
	}
	return b.String()
}

func storyOf(audit []command.AuditRecord, s world.Sent) (all []command.AuditRecord) {
	for _, a := range audit {
		if a.Original == s.Place() || a.Phase == command.AuditOutcome && a.CommandID == s.ID && s.Name != "twin" {
			all = append(all, a)
		}
	}
	phases := []command.AuditPhase{command.AuditIntended, command.AuditDone, command.AuditOutcome}
	slices.SortStableFunc(all, func(a, b command.AuditRecord) int {
		if a.Revision != b.Revision || a.Revision == 0 {
			return cmp.Compare(a.Revision, b.Revision)
		}
		return cmp.Compare(slices.Index(phases, a.Phase), slices.Index(phases, b.Phase))
	})
	return all
}

// auditLine is a record of the audit without what differs from run to run.
func auditLine(a command.AuditRecord) string {
	parts := []string{a.Actor, "(" + a.Tool + ")", string(a.Action), string(a.Phase)}
	if a.Revision > 0 {
		parts = append(parts, fmt.Sprintf("revision %d", a.Revision))
	}
	if a.Phase == command.AuditDone && a.Target != "" {
		topic, _, _ := strings.Cut(a.Target, "/")
		parts = append(parts, "at "+topic)
	}
	parts = append(parts, string(a.Status), string(a.Code), a.Statement, a.BankReference)
	if a.NewCommandID != "" {
		parts = append(parts, "under another id")
	}
	if a.EditedDigest != "" {
		before, _, _ := strings.Cut(a.OriginalDigest, ":")
		after, _, _ := strings.Cut(a.EditedDigest, ":")
		parts = append(parts, "from "+before+" to "+after)
		if a.OriginalDigest == a.EditedDigest {
			parts = append(parts, "which is the same")
		}
	}
	if a.Why != "" {
		parts = append(parts, "because "+a.Why)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// outcomesOf are the outcomes of a command, and of those that were made of it.
func outcomesOf(w *world.World, s world.Sent, audit []command.AuditRecord) (all []command.Outcome) {
	if s.Name != "twin" { // its id is another's
		all = lives(w, s.ID)
	}
	for _, a := range audit {
		if a.NewCommandID != "" && a.Phase == command.AuditDone {
			all = append(all, lives(w, a.NewCommandID)...)
		}
	}
	return all
}

// lives are the outcomes of one command id; more than one of a revision are told only
// where they differ.
func lives(w *world.World, id string) (all []command.Outcome) {
	for revision := command.FirstRevision; revision < 5; revision++ {
		events := w.Outcomes(id, revision)
		for _, e := range events {
			if len(all) == 0 || all[len(all)-1].Revision != revision || e.Header("ce_id") != events[0].Header("ce_id") {
				all = append(all, *e.Outcome)
			}
		}
	}
	return all
}

// golden compares a text line by line with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, is := strings.Split(string(text), "\n"), strings.Split(got, "\n")
	for i := range max(len(want), len(is)) {
		a, b := "", ""
		if i < len(want) {
			a = want[i]
		}
		if i < len(is) {
			b = is[i]
		}
		if a != b {
			t.Fatalf("%s, line %d:\n  is        %s\n  should be %s\nthe whole is\n%s", file, i+1, b, a, got)
		}
	}
}
