package containers

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// PublicRegistry is the public image of the schema registry that the tests are
// for: the version of test/registry/pom.xml, with its schemas in memory.
const PublicRegistry = "apicurio/apicurio-registry-mem:2.4.2.Final"

// RegistryImage is the image of the schema registry: REGISTRY_IMAGE, else the
// public one. Where no image can be pulled, test/registry/build.sh makes one.
func RegistryImage() string {
	if image := os.Getenv("REGISTRY_IMAGE"); image != "" {
		return image
	}
	return PublicRegistry
}

const (
	registryPort = "8080/tcp"
	registryPath = "/apis/ccompat/v7" // where it speaks as Confluent's does
)

// Registry is a schema registry in a container.
type Registry struct {
	// URL is where it speaks as Confluent's does, from the host.
	URL       string
	container testcontainers.Container
}

// StartRegistry starts a schema registry, waits until it serves, ends it with the
// test, and returns its URL.
func StartRegistry(t testing.TB) (url string) {
	t.Helper()
	return StartRegistryContainer(t).URL
}

// StartRegistryContainer is StartRegistry for tests that freeze it, or put it into
// a network: RegistryURL is where it is there.
func StartRegistryContainer(t testing.TB, opts ...testcontainers.ContainerCustomizer) *Registry {
	t.Helper()
	c := Run(t, RegistryImage(), append([]testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(registryPort),
		testcontainers.WithEnv(map[string]string{"JAVA_TOOL_OPTIONS": "-Xmx256m"}),
		testcontainers.WithWaitStrategyAndDeadline(startWithin,
			wait.ForHTTP(registryPath+"/subjects").WithPort(registryPort).WithPollInterval(100*time.Millisecond).
				WithStatusCodeMatcher(func(status int) bool { return status == http.StatusOK })),
	}, opts...)...)
	host, err := c.Host(t.Context())
	if err != nil {
		t.Fatalf("finding the engine's host: %v", err)
	}
	port, err := c.MappedPort(t.Context(), registryPort)
	if err != nil {
		t.Fatalf("finding the registry's port: %v", err)
	}
	return &Registry{"http://" + net.JoinHostPort(host, strconv.Itoa(int(port.Num()))) + registryPath, c}
}

// RegistryURL is where a registry speaks as Confluent's does, for the containers of
// a network in which it has an alias.
func RegistryURL(alias string) string {
	port, _, _ := strings.Cut(registryPort, "/")
	return "http://" + net.JoinHostPort(alias, port) + registryPath
}

// Freeze stops every process of the registry where it stands: connections stay,
// answers do not come. Thaw lets it go on.
func (r *Registry) Freeze(ctx context.Context) error {
	return r.engine(ctx, func(engine *testcontainers.DockerClient, id string) error {
		_, err := engine.ContainerPause(ctx, id, client.ContainerPauseOptions{})
		return err
	})
}

// Thaw ends Freeze.
func (r *Registry) Thaw(ctx context.Context) error {
	return r.engine(ctx, func(engine *testcontainers.DockerClient, id string) error {
		_, err := engine.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
		return err
	})
}

func (r *Registry) engine(ctx context.Context, do func(*testcontainers.DockerClient, string) error) error {
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("asking the Docker engine: %w", err)
	}
	defer func() { _ = engine.Close() }()
	if err := do(engine, r.container.GetContainerID()); err != nil {
		return fmt.Errorf("freezing or thawing the registry: %w", err)
	}
	return nil
}
