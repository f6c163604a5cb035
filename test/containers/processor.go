package containers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BuildProcessor makes the image of deploy/Dockerfile, found from a package of test:
// its last stage as it is, on what this machine's Go builds in place of the first. The
// image is taken away with the test.
func BuildProcessor(t testing.TB) (image string) {
	t.Helper()
	Need(t)
	dockerfile, err := os.ReadFile("../../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, last, found := strings.Cut(string(dockerfile), "\nFROM scratch\n")
	if !found || strings.Count(last, "--from=build ") != 1 {
		t.Fatal("deploy/Dockerfile's last stage is not what is expected here: FROM scratch, and one COPY --from=build")
	}
	dir := t.TempDir()
	layOut(t, filepath.Join(dir, "rootfs"))
	err = os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\n"+strings.Replace(last, "--from=build ", "", 1)), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	return Build(t, dir)
}

// layOut does what deploy/Dockerfile's first stage does. Where this machine has no trust
// store the image has an empty one.
func layOut(t testing.TB, root string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(root, "processor"), "bankprocessor/cmd/processor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the processor: %v\n%s", err, out)
	}
	const trust = "/etc/ssl/certs/ca-certificates.crt"
	roots, err := os.ReadFile(trust)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	tmp := filepath.Join(root, "tmp")
	for _, err := range []error{
		os.MkdirAll(filepath.Dir(root+trust), 0o755),
		os.WriteFile(root+trust, roots, 0o644),
		os.MkdirAll(tmp, 0o755),
		os.Chmod(tmp, 0o777|os.ModeSticky),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}
