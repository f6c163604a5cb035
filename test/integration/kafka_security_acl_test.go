package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// entry is one entry of an access control list.
type entry struct {
	principal string
	operation kmsg.ACLOperation
	resource  kmsg.ACLResourceType
	pattern   kmsg.ACLResourcePatternType
	name      string
}

func (e entry) String() string {
	return fmt.Sprintf("%s on %s %s", title(e.operation.String()), strings.ToLower(e.resource.String()), e.name)
}

// title writes DESCRIBE_CONFIGS as DescribeConfigs.
func title(s string) string {
	var out strings.Builder
	for word := range strings.SplitSeq(strings.ToLower(s), "_") {
		out.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return out.String()
}

type entries []entry

// documented reads the commands under a heading of the documentation: the list
// that operators are told to grant is the one that the tests grant.
func documented(t testing.TB, heading string) entries {
	t.Helper()
	page, err := os.ReadFile("../../docs/kafka-security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "\n### "+heading+"\n")
	_, rest, fenced := strings.Cut(rest, "```sh\n")
	block, _, closed := strings.Cut(rest, "\n```")
	if !ok || !fenced || !closed {
		t.Fatalf("the documentation has no commands under %q", heading)
	}
	var all entries
	for line := range strings.SplitSeq(strings.ReplaceAll(block, "\\\n", " "), "\n") {
		all = append(all, granted(t, strings.Fields(line))...)
	}
	return all
}

// granted is what one command line of kafka-acls.sh grants.
func granted(t testing.TB, words []string) (all entries) {
	t.Helper()
	if len(words) < 2 || words[0] != "$KAFKA" || words[1] != "--add" || len(words)%2 != 0 {
		t.Fatalf("not understood: %q", words)
	}
	base := entry{pattern: kmsg.ACLResourcePatternTypeLiteral}
	var operations []kmsg.ACLOperation
	resources := map[kmsg.ACLResourceType][]string{}
	for i := 2; i < len(words); i += 2 {
		value := words[i+1]
		switch words[i] {
		case "--allow-principal":
			base.principal = value
		case "--operation":
			o, err := kmsg.ParseACLOperation(value)
			if err != nil {
				t.Fatal(err)
			}
			operations = append(operations, o)
		case "--topic":
			resources[kmsg.ACLResourceTypeTopic] = append(resources[kmsg.ACLResourceTypeTopic], value)
		case "--group":
			resources[kmsg.ACLResourceTypeGroup] = append(resources[kmsg.ACLResourceTypeGroup], value)
		case "--resource-pattern-type":
			p, err := kmsg.ParseACLResourcePatternType(value)
			if err != nil {
				t.Fatal(err)
			}
			base.pattern = p
		default:
			t.Fatalf("not understood: %s", words[i])
		}
	}
	for resource, names := range resources {
		for _, name := range names {
			for _, operation := range operations {
				e := base
				e.resource, e.name, e.operation = resource, name, operation
				all = append(all, e)
			}
		}
	}
	return all
}

// of puts a test's prefix and group in the place of the documentation's.
func (all entries) of(prefix, group string) entries {
	all = slices.Clone(all)
	for i := range all {
		if all[i].name == "bank-processor" {
			all[i].name = group
		} else if rest, ok := strings.CutPrefix(all[i].name, "prod."); ok {
			all[i].name = prefix + rest
		}
	}
	return all
}

// to gives the entries to another principal.
func (all entries) to(name string) entries {
	all = slices.Clone(all)
	for i := range all {
		all[i].principal = "User:" + name
	}
	return all
}

func (s *secured) grant(t *testing.T, all ...entry) {
	t.Helper()
	req := kmsg.NewPtrCreateACLsRequest()
	for _, e := range all {
		c := kmsg.NewCreateACLsRequestCreation()
		c.ResourceType, c.ResourceName, c.ResourcePatternType = e.resource, e.name, e.pattern
		c.Principal, c.Host, c.Operation, c.PermissionType = e.principal, "*", e.operation, kmsg.ACLPermissionTypeAllow
		req.Creations = append(req.Creations, c)
	}
	res, err := req.RequestWith(t.Context(), s.admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Results {
		if r.ErrorCode != 0 {
			t.Fatalf("granting: error %d: %s", r.ErrorCode, deref(r.ErrorMessage))
		}
	}
	s.awaitGrants(t, 1, all)
}

// awaitGrants waits until the broker, which the controller tells, has so many of
// each of the entries.
func (s *secured) awaitGrants(t *testing.T, want int, all entries) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := 0; i < len(all); {
		e := all[i]
		req := kmsg.NewPtrDescribeACLsRequest()
		req.ResourceType, req.ResourceName, req.ResourcePatternType = e.resource, &e.name, e.pattern
		req.Principal, req.Operation, req.PermissionType = &e.principal, e.operation, kmsg.ACLPermissionTypeAllow
		res, err := req.RequestWith(ctx, s.admin)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Resources) == want {
			i++
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the broker has %d entries of %s", len(res.Resources), e)
		}
	}
}

func (s *secured) revoke(t *testing.T, all ...entry) {
	t.Helper()
	req := kmsg.NewPtrDeleteACLsRequest()
	for _, e := range all {
		f := kmsg.NewDeleteACLsRequestFilter()
		f.ResourceType, f.ResourceName, f.ResourcePatternType = e.resource, &e.name, e.pattern
		f.Principal, f.Operation, f.PermissionType = &e.principal, e.operation, kmsg.ACLPermissionTypeAllow
		req.Filters = append(req.Filters, f)
	}
	res, err := req.RequestWith(t.Context(), s.admin)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range res.Results {
		if r.ErrorCode != 0 || len(r.MatchingACLs) != 1 {
			t.Fatalf("revoking %s: error %d: %d entries", all[i], r.ErrorCode, len(r.MatchingACLs))
		}
	}
	s.awaitGrants(t, 0, all)
}
