package containers

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// Build makes an image of the Dockerfile in dir and takes it away with the test.
// It returns the image's name.
func Build(t testing.TB, dir string) string {
	t.Helper()
	Need(t)
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(log.NewNoopLogger()))
	if err != nil {
		t.Fatalf("building an image: %v", err)
	}
	t.Cleanup(func() { _ = provider.Close() })
	image, err := provider.BuildImage(t.Context(), &testcontainers.ContainerRequest{
		FromDockerfile: testcontainers.FromDockerfile{Context: dir, Repo: "bank-processor/of-a-test", Tag: uuid.NewString()},
	})
	if err != nil {
		t.Fatalf("building an image: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), endWithin)
		defer cancel()
		if _, err := provider.Client().ImageRemove(ctx, image, client.ImageRemoveOptions{Force: true, PruneChildren: true}); err != nil {
			t.Errorf("removing an image: %v", err)
		}
	})
	return image
}
