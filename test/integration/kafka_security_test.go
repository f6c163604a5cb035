package integration

import "testing"

// TestKafkaSecurity is all of it on one secured broker. What changes the broker
// for everybody comes last, and by itself.
func TestKafkaSecurity(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	s.scramUser(t, "scram", "scram-secret")
	t.Run("together", func(t *testing.T) {
		t.Run("settings", s.settings)
		t.Run("permissions suffice", s.permissionsSuffice)
		t.Run("permissions are needed", s.permissionsAreNeeded)
		t.Run("permissions of others", s.othersSuffice)
		t.Run("password", s.rotatedPassword)
		t.Run("client secret", s.rotatedClientSecret)
		t.Run("sessions", s.sessions)
	})
	t.Run("certificates", s.rotatedCertificates)
}
