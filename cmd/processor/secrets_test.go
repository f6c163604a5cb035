package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"bankprocessor/internal/config"
	"bankprocessor/internal/sandbox"
	"bankprocessor/test/certs"
)

// secretPlaces are the keys that say where a secret stands, without .file and
// .env.
func secretPlaces() []string {
	var places []string
	keys := config.Keys()
	for _, key := range keys {
		if place, ok := strings.CutSuffix(key, ".file"); ok && slices.Contains(keys, place+".env") {
			places = append(places, place)
		}
	}
	return places
}

// fileKeys are the keys of all other files that hold what must not be printed.
func fileKeys() []string {
	return slices.DeleteFunc(config.Keys(), func(key string) bool { return !strings.HasSuffix(key, "_file") })
}

// nest plants canaries, each of its own, and looks for them.
type nest struct {
	t        *testing.T
	canaries map[string]string // by key
}

func (n *nest) lay(key string) string {
	if n.canaries[key] == "" {
		n.canaries[key] = fmt.Sprintf("Canary-%02d-%s", len(n.canaries), strings.Repeat("s3cr3t", 3))
	}
	return n.canaries[key]
}

// search looks for every canary in every form in which one could come out.
func (n *nest) search(where, text string) {
	n.t.Helper()
	for key, canary := range n.canaries {
		for form, coded := range map[string]string{
			"clear": canary, "base64": base64.StdEncoding.EncodeToString([]byte(canary)), "hex": hex.EncodeToString([]byte(canary)),
			"escaped": url.QueryEscape(canary), "a part of it": canary[10:],
		} {
			if strings.Contains(text, coded) {
				n.t.Errorf("%s holds the secret of %s (%s)", where, key, form)
			}
		}
	}
}

// environ names a file with a canary for every place.
func (n *nest) environ(places []string, more map[string]string) []string {
	environ := []string{"PROCESSOR_LOG_LEVEL=debug"}
	for _, place := range places {
		content := n.lay(place)
		if place == "tracing.headers" {
			content = "Authorization: Bearer " + content
		}
		environ = append(environ, variable(place+".file")+"="+write(n.t, content+"\n"))
	}
	for key, value := range more {
		environ = append(environ, variable(key)+"="+value)
	}
	return environ
}

func variable(key string) string {
	return "PROCESSOR_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// checks runs check both ways and searches what it says.
func (n *nest) checks(file string, environ []string) {
	n.t.Helper()
	for _, output := range []string{"table", "json"} {
		r := begin(n.t, "", environ, "check", "--config", file, "--output", output)
		r.end(n.t)
		n.search("check", r.out.String()+r.err.String())
	}
}

var adminAddress = regexp.MustCompile(`"admin":"([^"]+)"`)

// runs runs a processor until its log has sign, and searches its log, its pages
// and its end.
func (n *nest) runs(file string, environ []string, sign string, meanwhile func()) {
	n.t.Helper()
	r := begin(n.t, "", environ, "run", "--config", file)
	if meanwhile != nil {
		address := adminAddress.FindStringSubmatch(r.err.Await(n.t, "processor started"))[1]
		meanwhile()
		r.err.Await(n.t, sign)
		for _, page := range []string{"/readyz", "/metrics", "/"} {
			n.search(page, fetch(n.t, "http://"+address+page))
		}
	}
	r.err.Await(n.t, sign)
	r.stop()
	r.end(n.t)
	n.search("the log", r.out.String()+r.err.String())
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(body)
}

// Every secret that there is, wrong wherever it is shown: to the brokers, to the
// registry, to the banks. Nothing that comes out holds one.
func TestSecretsNeverComeOut(t *testing.T) {
	t.Parallel()
	planted := map[string]bool{}
	variants := map[string]struct {
		places []string
		more   map[string]string
		sign   string
		send   bool
	}{
		"broker by password, registry by password": {
			[]string{"kafka.sasl.password", "registry.password"},
			map[string]string{
				"kafka.sasl.mechanism": "plain", "kafka.sasl.username": "u", "registry.username": "u",
				"registry.urls": "http://127.0.0.1:1", "registry.results": "confluent",
			}, "kafka cannot be reached", false,
		},
		"broker by token, registry by token": {
			[]string{"kafka.sasl.oauth.client_secret", "registry.token"},
			map[string]string{
				"kafka.sasl.mechanism": "oauthbearer", "kafka.sasl.oauth.token_endpoint": "http://127.0.0.1:1/token",
				"kafka.sasl.oauth.client_id": "c", "registry.urls": "http://127.0.0.1:1",
			}, "kafka cannot be reached", false,
		},
		"banks": {
			[]string{
				"banks.interapi.subscription_key", "banks.interapi.app_key", "banks.loanapi.token.client_secret",
				"dead_letters.encryption.private_keyset_key", "dead_letters.digest_key",
			}, nil, "gateway.secret_invalid", true,
		},
		"bank by token": {
			[]string{"banks.interapi.token.client_secret", "tracing.headers"},
			map[string]string{
				"banks.interapi.token.client_id": "c", "banks.interapi.token.basic_auth": "true",
				"tracing.endpoint": "http://127.0.0.1:1", "tracing.sample_ratio": "1", "tracing.timeout": "100ms",
			},
			"gateway.secret_invalid", true,
		},
	}
	for _, v := range variants {
		for _, place := range v.places {
			planted[place] = true
		}
	}
	for _, place := range secretPlaces() {
		if !planted[place] {
			t.Errorf("%s has no canary: give it one", place)
		}
	}
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box, brokers := startSandbox(t, sandbox.Options{})
			b := &settingsBench{t: t, box: box}
			n := &nest{t, map[string]string{}}
			environ := n.environ(v.places, v.more)
			environ = append(environ, `PROCESSOR_BANKS_INTERAPI_USER_CODE=DOMAIN\`+n.lay("banks.interapi.user_code"))
			file := configFile(t, box, "")
			n.checks(file, environ)
			var send func()
			if v.send {
				send = func() {
					b.send()
					code, _, errs := execute(t, text(t, "../../schemas/examples/customer.complete.json"), "send", "customer.complete", "--brokers", brokers)
					if code != exitDone {
						t.Errorf("sending: %d, %s", code, errs)
					}
				}
			}
			n.runs(file, environ, v.sign, send)
		})
	}
}

// A secret where a file of another kind should be, or in the configuration itself,
// is refused and not told.
func TestMisplacedSecretsNeverComeOut(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{})
	file := configFile(t, box, "")
	cert, key := certs.New(t).Issue("us", nil).Files()
	partners := map[string]string{"cert_file": key, "key_file": cert}
	cases := map[string]func(n *nest) []string{}
	for _, path := range fileKeys() {
		cases["in "+path] = func(n *nest) []string {
			more := map[string]string{path: write(t, n.lay(path))}
			section, last := path[:strings.LastIndex(path, ".")], path[strings.LastIndex(path, ".")+1:]
			if partner, ok := partners[last]; ok {
				other := map[string]string{"cert_file": "key_file", "key_file": "cert_file"}[last]
				more[section+"."+other] = partner
			}
			if strings.HasPrefix(path, "kafka.tls.") {
				more["kafka.tls.enabled"] = "true"
			}
			return n.environ(nil, more)
		}
	}
	for _, place := range secretPlaces() {
		cases["in the variable of "+place] = func(n *nest) []string { return n.environ(nil, map[string]string{place: n.lay(place)}) }
		cases["as the file's name of "+place] = func(n *nest) []string {
			return n.environ(nil, map[string]string{place + ".env": "", place + ".file": n.lay(place)})
		}
		cases["as the variable's name of "+place] = func(n *nest) []string {
			return n.environ(nil, map[string]string{place + ".env": n.lay(place) + "/+=", place + ".file": ""})
		}
	}
	for _, address := range []string{"banks.interapi.http.base_url", "banks.loanapi.http.base_url", "registry.urls", "kafka.sasl.oauth.token_endpoint"} {
		cases["in "+address] = func(n *nest) []string {
			return n.environ(nil, map[string]string{
				address: "https://user:" + n.lay(address) + "@host.example.com:99999/\x7f", "kafka.sasl.mechanism": "",
			})
		}
		cases["in a well-formed "+address] = func(n *nest) []string {
			return n.environ(nil, map[string]string{address: "https://user:" + n.lay(address) + "@host.example.com/?key=" + n.lay(address)})
		}
	}
	for name, environ := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &nest{t, map[string]string{}}
			variables := environ(n)
			n.checks(file, variables)
			n.runs(file, variables, "processor", nil) // it starts, or says why not
		})
	}
}

// A secret that stands in the file.
func TestSecretsInTheFileNeverComeOut(t *testing.T) {
	t.Parallel()
	for _, place := range secretPlaces() {
		n := &nest{t, map[string]string{}}
		for _, value := range []string{n.lay(place), "[" + n.lay(place) + "]", "{value: " + n.lay(place) + "}", "{file: [" + n.lay(place) + "]}", "{file: " + n.lay(place)} {
			var file strings.Builder
			for depth, name := range strings.Split(place, ".") {
				fmt.Fprintf(&file, "\n%s%s:", strings.Repeat(" ", depth), name)
			}
			file.WriteString(" " + value + "\n")
			for _, name := range []string{"check", "run"} {
				code, out, errs := execute(t, "", name, "--config", write(t, file.String()))
				if code != exitUsage {
					t.Errorf("%s takes %s", name, file.String())
				}
				n.search(name+" of "+value, out+errs)
			}
		}
	}
}

// The configuration itself, printed and marshalled in every way.
func TestAPrintedConfigurationHoldsNoSecret(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	n := &nest{t, map[string]string{}}
	environ := append(n.environ([]string{"banks.interapi.app_key", "banks.loanapi.token.client_secret"}, nil),
		"PROCESSOR_BANKS_INTERAPI_USER_CODE="+n.lay("banks.interapi.user_code"))
	cfg, err := config.Load(configFile(t, box, ""), environ)
	must(t, err)
	inJSON, err := json.Marshal(cfg.Banks)
	must(t, err)
	inYAML, err := yaml.Marshal(cfg.Banks)
	must(t, err)
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v", cfg), "%+v": fmt.Sprintf("%+v", cfg), "%#v": fmt.Sprintf("%#v", cfg), "%+v of a pointer": fmt.Sprintf("%+v", &cfg),
		"JSON": string(inJSON), "YAML": string(inYAML),
	} {
		n.search(name, text)
	}
}
