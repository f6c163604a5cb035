package containers

import (
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

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

// StartRegistry starts a schema registry, waits until it serves, ends it with the
// test, and returns its URL on the host.
func StartRegistry(t testing.TB) (url string) {
	t.Helper()
	c := Run(t, RegistryImage(),
		testcontainers.WithExposedPorts(registryPort),
		testcontainers.WithEnv(map[string]string{"JAVA_OPTIONS": "-Xmx256m", "JAVA_TOOL_OPTIONS": "-Xmx256m"}),
		testcontainers.WithWaitStrategyAndDeadline(startWithin,
			wait.ForHTTP(registryPath+"/subjects").WithPort(registryPort).WithPollInterval(100*time.Millisecond).
				WithStatusCodeMatcher(func(status int) bool { return status == http.StatusOK })),
	)
	host, err := c.Host(t.Context())
	if err != nil {
		t.Fatalf("finding the engine's host: %v", err)
	}
	port, err := c.MappedPort(t.Context(), registryPort)
	if err != nil {
		t.Fatalf("finding the registry's port: %v", err)
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(int(port.Num()))) + registryPath
}
