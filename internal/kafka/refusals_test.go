package kafka

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"bankprocessor/internal/secret"
	"bankprocessor/test/certs"
)

// A listener that expects the other kind of client is recognised, and at once.
func TestTheWrongListenerIsNamed(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	secured, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{ca.Issue("broker", nil).Pair()}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(secured.Close)
	clear, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clear.Close)
	path := t.TempDir() + "/secret"
	writeFile(t, path, "secret")
	for name, tt := range map[string]struct {
		cfg  Config
		want string
	}{
		"in clear to TLS":       {Config{Brokers: secured.ListenAddrs()}, "kafka.tls.enabled: is not set"},
		"SASL to one with none": {Config{Brokers: clear.ListenAddrs(), SASL: SASL{Mechanism: "plain", Username: "u", Password: secret.Source{File: path}}}, "kafka.sasl"},
	} {
		err := ping(t, tt.cfg)
		if setting, ok := errors.AsType[*SettingError](err); !ok || !strings.Contains(setting.Error(), tt.want) || setting.Broker == "" || !Class(err).Passing() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// denying is a broker with access control lists, where User:u may do so much.
func denying(t *testing.T, granted ...Permission) *Client {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a", "b"), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "u", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	admin, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	req := kmsg.NewPtrCreateACLsRequest()
	for _, p := range granted {
		c := kmsg.NewCreateACLsRequestCreation()
		c.ResourceType, c.ResourceName, c.ResourcePatternType = kmsg.ACLResourceTypeTopic, p.Name, kmsg.ACLResourcePatternTypeLiteral
		if p.Resource == GroupResource {
			c.ResourceType = kmsg.ACLResourceTypeGroup
		}
		c.Principal, c.Host, c.PermissionType = "User:u", "*", kmsg.ACLPermissionTypeAllow
		c.Operation = kmsg.ACLOperation(operationBits[p.Operation])
		req.Creations = append(req.Creations, c)
	}
	if _, err := req.RequestWith(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/secret"
	writeFile(t, path, "secret")
	client, err := New(Config{Brokers: cluster.ListenAddrs(), SASL: SASL{Mechanism: "plain", Username: "u", Password: secret.Source{File: path}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestMissingPermissionsAreFoundWithoutTrying(t *testing.T) {
	t.Parallel()
	all := []Permission{onTopic(Read, "a"), onTopic(Write, "b"), onTopic(Describe, "a"), onGroup(Read, "g")}
	for i := range all {
		granted := slices.Delete(slices.Clone(all), i, i+1)
		missing, err := denying(t, granted...).MissingPermissions(testContext(t), all)
		want := []Permission{all[i]}
		if all[i].Operation == Describe {
			want = nil // reading includes it
		}
		if err != nil || !slices.Equal(missing, want) {
			t.Errorf("without %s: missing are %v, %v", all[i], missing, err)
		}
	}
}

// A topic that we may not see holds up no other.
func TestADeniedTopicIsNamedAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	client := denying(t, onTopic(Read, "a"))
	ctx := testContext(t)
	if _, err := client.Leaders(ctx, "a", "b"); !slices.Equal(DeniedTopics(err), []string{"b"}) {
		t.Errorf("a client that asks about every topic: %v", err)
	}
	only := client.cfg
	only.Topics = []string{"a", "b"}
	client, err := New(only)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	a, b := TopicPartition{"a", 0}, TopicPartition{"b", 0}
	leaders, err := client.Leaders(ctx, "a", "b")
	if denied := DeniedTopics(err); !slices.Equal(denied, []string{"b"}) || len(leaders) != 1 || Class(err) != ClassAuth {
		t.Errorf("leaders %v, denied %v: %v", leaders, denied, err)
	}
	fetched, err := client.Fetch(ctx, []FetchPartition{{a, 0, 1 << 20}, {b, 0, 1 << 20}}, 0, 1<<20)
	if err != nil || fetched[0].Err != nil || Class(fetched[1].Err) != ClassAuth || !strings.Contains(fetched[1].Err.Error(), "grant Read on topic b") {
		t.Errorf("fetched %+v, %v", fetched, err)
	}
	if _, err = client.Fetch(ctx, []FetchPartition{{b, 0, 1 << 20}}, 0, 1<<20); !slices.Equal(DeniedTopics(err), []string{"b"}) {
		t.Errorf("fetching b alone: %v", err)
	}
	produced, err := client.Produce(ctx, []ProducePartition{{TopicPartition: a, Records: []Record{{Value: []byte("x")}}}}, 0)
	if err != nil || !strings.Contains(produced[0].Err.Error(), "grant Write on topic a") {
		t.Errorf("produced %+v, %v", produced, err)
	}
	if _, err := client.LogRange(ctx, []TopicPartition{b}); !slices.Equal(DeniedTopics(err), []string{"b"}) {
		t.Errorf("listing offsets: %v", err)
	}
}
