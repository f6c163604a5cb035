package tlsfile

import (
	"errors"
	"fmt"
)

// Under puts every fault of a joined error under the section's key, so that each
// names its setting whole.
func Under(section string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error }) // the join itself is taken apart
	switch {
	case err == nil:
		return nil
	case !ok:
		return fmt.Errorf("%s.%w", section, err)
	}
	var errs []error
	for _, inner := range joined.Unwrap() {
		errs = append(errs, Under(section, inner))
	}
	return errors.Join(errs...)
}
