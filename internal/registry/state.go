package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/codec"
)

// State is what a registry has of a subject, and how our schema stands to it.
type State struct {
	Subject
	// Version and ID are our schema's; 0 when it is not registered.
	Version, ID int
	// Latest and LatestID are the subject's newest version; 0 without a subject.
	Latest, LatestID int
	// Level is the compatibility that the registry holds the subject to, "" when
	// it does not say.
	Level string
	// Conflicts say why our schema may not be registered as the next version,
	// each naming its field; none when it may, or is registered.
	Conflicts []string
	// Applied says that Apply has registered it.
	Applied bool
}

// Registered says whether the registry has our schema.
func (s State) Registered() bool { return s.Version > 0 }

// Missing says whether the registry has no such subject.
func (s State) Missing() bool { return s.Latest == 0 }

// IncompatibleError says which schemas do not fit what is registered.
type IncompatibleError struct{ States []State }

// Error names the subjects and their fields.
func (e *IncompatibleError) Error() string {
	var parts []string
	for _, s := range e.States {
		parts = append(parts, fmt.Sprintf("%s is incompatible with version %d (%s): %s", s.Name, s.Latest, s.Level, strings.Join(s.Conflicts, "; ")))
	}
	return strings.Join(parts, "\n")
}

// Inspect looks at every subject and changes nothing.
func (c *Client) Inspect(ctx context.Context, subjects []Subject) ([]State, error) {
	var all []State
	for _, s := range subjects {
		state, err := c.inspect(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("looking at %s: %w", s.Name, err)
		}
		all = append(all, state)
	}
	return all, nil
}

// Incompatible returns an *IncompatibleError for the states that have conflicts;
// nil when none has.
func Incompatible(states []State) error {
	states = slices.DeleteFunc(slices.Clone(states), func(s State) bool { return len(s.Conflicts) == 0 })
	if len(states) == 0 {
		return nil
	}
	return &IncompatibleError{states}
}

func (c *Client) inspect(ctx context.Context, s Subject) (State, error) {
	state := State{Subject: s}
	var latest sr.SubjectSchema
	err := c.ask(ctx, func(ctx context.Context, api *sr.Client) (err error) {
		if latest, err = api.SchemaByVersion(ctx, s.Name, -1); err == nil && latest.Version == 0 {
			err = errNoSchema
		}
		return err
	})
	if notFound(err) {
		return state, nil
	}
	if err != nil {
		return state, err
	}
	state.Latest, state.LatestID, state.Level = latest.Version, latest.ID, c.level(ctx, s)
	found, as, err := c.lookup(ctx, s)
	if err != nil {
		return state, err
	}
	if found {
		state.Version, state.ID = as.Version, as.ID
		return state, nil
	}
	state.Conflicts, err = c.conflicts(ctx, s, latest, state.Level)
	return state, err
}

// level is for people; a registry that does not tell it is not at fault.
func (c *Client) level(ctx context.Context, s Subject) string {
	var found sr.CompatibilityResult
	err := c.ask(ctx, func(ctx context.Context, api *sr.Client) error {
		found = api.Compatibility(sr.WithParams(ctx, sr.DefaultToGlobal), s.Name)[0]
		return found.Err
	})
	if err != nil {
		return ""
	}
	return found.Level.String()
}

// verdict is the answer to a compatibility check. Confluent's registry gives its
// reasons in a list, Apicurio's in a text.
type verdict struct {
	Compatible *bool    `json:"is_compatible"`
	Messages   []string `json:"messages"`
	Reason     string   `json:"reason"`
}

// conflicts asks the registry, whose word it is, whether our schema may follow the
// registered ones. Its reasons may point by number; ours name the fields.
func (c *Client) conflicts(ctx context.Context, s Subject, latest sr.SubjectSchema, level string) ([]string, error) {
	var v verdict
	versions := "/compatibility/subjects/" + url.PathEscape(s.Name) + "/versions"
	check := func(path string) error {
		return c.ask(ctx, func(ctx context.Context, api *sr.Client) error {
			err := api.Do(sr.WithParams(ctx, sr.Verbose), http.MethodPost, path, s.registered(), &v)
			if err == nil && v.Compatible == nil {
				err = errNoVerdict
			}
			return err
		})
	}
	err := check(versions) // against as many versions as the level demands
	if err != nil {
		err = check(versions + "/latest") // the one that every registry has
	}
	switch {
	case err != nil:
		return nil, err
	case *v.Compatible:
		return nil, nil
	}
	reasons := append(ours(s, latest, level), v.Messages...)
	if v.Reason != "" {
		reasons = append(reasons, v.Reason)
	}
	if len(reasons) == 0 {
		reasons = []string{"the registry gives no reason"}
	}
	return reasons, nil
}

var errNoVerdict = errors.New("the answer has no verdict")

// ours reads the schemas ourselves, to name the fields.
func ours(s Subject, latest sr.SubjectSchema, level string) []string {
	var all []string
	add := func(reader, writer string) {
		if found, err := codec.Conflicts(reader, writer); err == nil {
			all = append(all, found...)
		}
	}
	if !strings.HasPrefix(level, sr.CompatForward.String()) {
		add(s.Schema, latest.Schema.Schema)
	}
	if !strings.HasPrefix(level, sr.CompatBackward.String()) {
		add(latest.Schema.Schema, s.Schema)
	}
	return all
}

// Levels are the compatibility levels that a subject may be held to.
func Levels() []string {
	var all []string
	for l := sr.CompatNone; l <= sr.CompatFullTransitive; l++ {
		all = append(all, l.String())
	}
	return all
}

// Apply registers every schema that is not registered, after it has seen that all
// may be; else the error is an *IncompatibleError and nothing is changed. A level
// other than "" is set for every subject; nothing else is.
func (c *Client) Apply(ctx context.Context, subjects []Subject, level string) ([]State, error) {
	states, err := c.Inspect(ctx, subjects)
	if err == nil {
		err = Incompatible(states)
	}
	if err != nil {
		return states, err
	}
	for i, s := range states {
		if level != "" && level != s.Level {
			if err := c.setLevel(ctx, s.Subject, level); err != nil {
				return states, fmt.Errorf("setting the compatibility of %s: %w", s.Name, err)
			}
		}
		if s.Registered() {
			continue
		}
		if states[i], err = c.register(ctx, s); err != nil {
			return states, fmt.Errorf("registering %s: %w", s.Name, err)
		}
	}
	return states, nil
}

func (c *Client) register(ctx context.Context, s State) (State, error) {
	err := c.ask(ctx, func(ctx context.Context, api *sr.Client) error {
		_, err := api.RegisterSchema(ctx, s.Name, s.registered(), -1, -1)
		return err
	})
	if refused(err) { // another schema was faster, or the level is a new one
		s.Conflicts = append(s.Conflicts, err.Error())
		return s, Incompatible([]State{s})
	}
	if err != nil {
		return s, err
	}
	found, as, err := c.lookup(ctx, s.Subject)
	if err == nil && !found {
		err = errors.New("the registry took it and does not have it")
	}
	s.Version, s.ID, s.Applied = as.Version, as.ID, err == nil
	return s, err
}

func (c *Client) setLevel(ctx context.Context, s Subject, level string) error {
	var wanted sr.CompatibilityLevel
	if err := wanted.UnmarshalText([]byte(level)); err != nil {
		return err
	}
	return c.ask(ctx, func(ctx context.Context, api *sr.Client) error {
		return api.SetCompatibility(ctx, sr.SetCompatibility{Level: wanted}, s.Name)[0].Err
	})
}

// Judge returns what must be mended: schemas that are incompatible with what is
// registered, and with framed, results whose schema is not registered.
func Judge(states []State, framed bool) error {
	var missing []string
	for _, s := range states {
		if framed && s.Result() && !s.Registered() && len(s.Conflicts) == 0 {
			missing = append(missing, s.Name)
		}
	}
	err := Incompatible(states)
	if len(missing) > 0 {
		err = errors.Join(err, &UnregisteredError{missing})
	}
	return err
}

// Summary tells how many of the schemas are registered.
func Summary(states []State) string {
	registered := 0
	for _, s := range states {
		if s.Registered() {
			registered++
		}
	}
	return fmt.Sprintf("%d of our %d schemas are registered", registered, len(states))
}
