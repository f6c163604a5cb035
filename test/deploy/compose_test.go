package deploy

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/test/containers"
)

const composeFile = root + "/deploy/compose/compose.yaml"

// composeProject is the compose file as the Compose Specification's own library reads
// it, with nothing chosen by variables.
func composeProject(t *testing.T) (project object) {
	t.Helper()
	c := exec.CommandContext(t.Context(), tool(t, "composecheck"), absolute(t, composeFile))
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return regexp.MustCompile(`^(IMAGE|\w+_IMAGE|\w+_PORT|COMPOSE_\w+)=`).MatchString(v)
	})
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("composecheck: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, &project); err != nil {
		t.Fatal(err)
	}
	return project
}

// runbooksInGrafana is what Grafana's image serves at the path that the dashboard's
// links begin with.
const runbooksInGrafana = "/usr/share/grafana/public/runbooks"

var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+(\.Final)?$`)

// What compose starts is pinned, published on the loopback address alone, and given
// files that there are; what is ours runs as restricted as in production.
func TestTheComposeFileIsAsItShouldBe(t *testing.T) {
	t.Parallel()
	project := composeProject(t)
	if project["name"] != "bank-processor" {
		t.Errorf("the project's name is %v", project["name"])
	}
	services := project["services"].(object)
	want := []string{"bank", "grafana", "kafka", "processor", "prometheus", "registry", "schemas", "topics"}
	if got := slices.Sorted(maps.Keys(services)); !slices.Equal(got, want) {
		t.Errorf("the services are %v", got)
	}
	for name, s := range services {
		image, _ := at(s, "image").(string)
		if ours := slices.Contains([]string{"bank", "processor", "schemas", "topics"}, name); ours {
			if at(s, "user") != "65532:65532" || at(s, "read_only") != true || !reflect.DeepEqual(at(s, "cap_drop"), []any{"ALL"}) ||
				!reflect.DeepEqual(at(s, "security_opt"), []any{"no-new-privileges:true"}) || image != "bank-processor:dev" {
				t.Errorf("%s is not restricted, or not our image: %v", name, s)
			}
		} else if !pinned.MatchString(image) {
			t.Errorf("%s: the image %s is not pinned", name, image)
		}
		ports, _ := at(s, "ports").([]any)
		for _, port := range ports {
			if at(port, "host_ip") != "127.0.0.1" {
				t.Errorf("%s is published to others: %v", name, port)
			}
		}
		volumes, _ := at(s, "volumes").([]any)
		for _, volume := range volumes {
			if at(volume, "type") != "bind" {
				continue
			}
			info, err := os.Stat(at(volume, "source").(string))
			if pages := at(volume, "target") == runbooksInGrafana; err != nil || info.IsDir() != pages || at(volume, "read_only") != true {
				t.Errorf("%s: %v: want a file, or the runbooks, mounted read-only (%v)", name, volume, err)
			}
		}
	}
	if got := at(services, "kafka", "image"); got != containers.PublicKafka {
		t.Errorf("Kafka is %v, and the tests are for %s", got, containers.PublicKafka)
	}
	if got := at(services, "registry", "image"); got != containers.PublicRegistry {
		t.Errorf("the registry is %v, and the tests are for %s", got, containers.PublicRegistry)
	}
}

// Prometheus asks the processor where it listens, and Grafana is given Prometheus.
func TestComposeConnectsWhatItStarts(t *testing.T) {
	t.Parallel()
	dir := root + "/deploy/compose/"
	admin := at(documents(t, read(t, dir+"processor.yaml"))[0], "admin", "address").(string)
	scrape := at(documents(t, read(t, dir+"prometheus.yml"))[0], "scrape_configs", 0, "static_configs", 0, "targets", 0)
	if want := strings.Replace(admin, "0.0.0.0", "processor", 1); scrape != want {
		t.Errorf("Prometheus asks %v, want %s", scrape, want)
	}
	if got := at(documents(t, read(t, dir+"grafana/datasources.yaml"))[0], "datasources", 0, "url"); got != "http://prometheus:9090" {
		t.Errorf("Grafana asks %v", got)
	}
	mounted := map[string]bool{}
	for _, service := range []string{"prometheus", "grafana"} {
		for _, v := range at(composeProject(t), "services", service, "volumes").([]any) {
			mounted[at(v, "target").(string)] = true
		}
	}
	dashboards := at(documents(t, read(t, dir+"grafana/dashboards.yaml"))[0], "providers", 0, "options", "path").(string)
	for _, file := range []string{
		"/etc/prometheus/prometheus.yml", "/etc/prometheus/rules/alerts.yaml", "/etc/prometheus/rules/recording.yaml",
		"/etc/grafana/provisioning/datasources/prometheus.yaml", "/etc/grafana/provisioning/dashboards/processor.yaml", dashboards + "/bank-processor.json", runbooksInGrafana,
	} {
		if !mounted[file] {
			t.Errorf("nothing is mounted at %s", file)
		}
	}
}

// compose is a project that was started, with ports of its own.
type compose struct {
	t       *testing.T
	program string
	env     []string
	ports   map[string]string // by variable
}

// startCompose starts the processor and what it needs; all of it ends with the test.
// Prometheus and Grafana, whose images cannot be made here, are left out.
func startCompose(t *testing.T) *compose {
	t.Helper()
	c := &compose{t: t, program: containers.NeedProgram(t, "docker-compose"), ports: map[string]string{}}
	image := containers.BuildProcessor(t)
	for _, name := range []string{"KAFKA_PORT", "BANK_PORT", "ADMIN_PORT"} {
		c.ports[name] = containers.FreePort(t)
		c.env = append(c.env, name+"="+c.ports[name])
	}
	c.env = append(append(os.Environ(), c.env...), "COMPOSE_PROJECT_NAME=deploytest"+c.ports["KAFKA_PORT"],
		"IMAGE="+image, "KAFKA_IMAGE="+containers.KafkaImage(), "REGISTRY_IMAGE="+containers.RegistryImage())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if t.Failed() {
			logs, _ := c.command(ctx, "logs", "--tail=60", "--no-color").CombinedOutput()
			t.Logf("the ends of the logs:\n%s", logs)
		}
		if out, err := c.command(ctx, "down", "--volumes", "--timeout", "1").CombinedOutput(); err != nil {
			t.Errorf("docker-compose down: %v\n%s", err, out)
		}
	})
	c.run("up", "-d", "--no-build", "processor")
	return c
}

func (c *compose) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.program, append([]string{"-f", composeFile}, args...)...)
	command.Env = c.env
	return command
}

// run runs docker-compose to its end and returns what it has printed.
func (c *compose) run(args ...string) string {
	c.t.Helper()
	var errs strings.Builder
	command := c.command(c.t.Context(), args...)
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		c.t.Fatalf("docker-compose %s: %v\n%s%s", strings.Join(args, " "), err, out, &errs)
	}
	return string(out)
}

// ready waits until the processor takes commands in.
func (c *compose) ready() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 90*time.Second)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+c.ports["ADMIN_PORT"]+"/readyz", nil)
		if err != nil {
			c.t.Fatal(err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			c.t.Fatal("the processor is not ready")
		}
	}
}

// audit is the status with which the console answers a token, from the host.
func (c *compose) audit(token string) int {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, "http://127.0.0.1:"+c.ports["ADMIN_PORT"]+"/audit", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// A command that is sent from the host comes out as an outcome, and the processor that
// is stopped ends well.
func TestComposeCarriesACommandOut(t *testing.T) {
	t.Parallel()
	c := startCompose(t)
	c.ready()
	sent := run(t, build(t, "1.2.3"), "send", "dbs.limit.query", "schemas/examples/dbs.limit.query.json", "--new-id",
		"--brokers", "127.0.0.1:"+c.ports["KAFKA_PORT"], "--output", "json")
	var command struct{ CommandID, ID string }
	if err := json.Unmarshal([]byte(sent), &command); err != nil {
		t.Fatalf("%v: %s", err, sent)
	}
	watched := c.run("exec", "-T", "processor", "/processor", "watch", "--from-beginning", "--count", "1",
		"--output", "json", "--config", "/etc/processor/processor.yaml")
	if !strings.Contains(watched, `"dbs.limit.listed"`) || !strings.Contains(watched, command.ID+command.CommandID) {
		t.Errorf("%s is sent, and the outcome is %s", sent, watched)
	}
	c.run("exec", "-T", "processor", "/processor", "check", "--config", "/etc/processor/processor.yaml")
	if admitted, wrong := c.audit("compose"), c.audit("guessed"); admitted != http.StatusOK || wrong != http.StatusUnauthorized {
		t.Errorf("the console answers %d to the token that is documented, and %d to another", admitted, wrong)
	}
	id := strings.TrimSpace(c.run("ps", "-q", "processor"))
	c.run("stop", "processor")
	if code := strings.TrimSpace(run(t, containers.NeedProgram(t, "docker"), "inspect", "--format", "{{.State.ExitCode}}", id)); code != "0" {
		t.Errorf("the stopped processor has ended with %s", code)
	}
}
