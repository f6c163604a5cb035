package integration

import "testing"

// TestKafkaSecurity is all of it on one secured broker.
func TestKafkaSecurity(t *testing.T) {
	s := startSecured(t)
	s.scramUser(t, "scram", "scram-secret")
	t.Run("settings", s.settings)
	t.Run("permissions suffice", s.permissionsSuffice)
	t.Run("permissions are needed", s.permissionsAreNeeded)
	t.Run("others", s.othersSuffice)
}
