package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go/sasl"

	"bankprocessor/internal/kafka/oauth"
)

// startOAuth begins an authentication by RFC 7628, the extensions by KIP-342.
func (c *credentials) startOAuth(ctx context.Context) (sasl.StateMachine, []byte, error) {
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return nil, nil, tokenless(err)
	}
	var message strings.Builder
	message.WriteString("n,,\x01auth=Bearer " + token.Value.Reveal())
	for _, name := range slices.Sorted(maps.Keys(c.Extensions)) {
		message.WriteString("\x01" + name + "=" + c.Extensions[name])
	}
	message.WriteString("\x01\x01")
	return &bearerConversation{token: token}, []byte(message.String()), nil
}

// tokenless names the settings, in full, of a token that is not to be had.
func tokenless(err error) error {
	var refusal *oauth.Error
	if !errors.As(err, &refusal) { // or nil
		return err
	}
	return &SettingError{Setting: oauthKeys(refusal.Key), Problem: refusal.Problem, Err: refusal.Err, passing: !refusal.Refused}
}

// oauthKeys writes keys of oauth.Config in full.
func oauthKeys(keys string) string {
	return "kafka.sasl.oauth." + strings.ReplaceAll(keys, ", ", ", kafka.sasl.oauth.")
}

// bearerConversation is one authentication by a token.
type bearerConversation struct {
	token  oauth.Token
	status string // of a broker that refuses it
}

// Next reads the broker's word: nothing when it takes the token, else a JSON
// object that has to be acknowledged before the broker gives its error.
func (b *bearerConversation) Next(_ context.Context, challenge []byte) (done bool, response []byte, err error) {
	if len(challenge) == 0 {
		return true, nil, nil
	}
	var refusal struct {
		Status string `json:"status"`
	}
	_ = json.Unmarshal(challenge, &refusal) // what cannot be read has no status
	b.status = refusal.Status
	return false, []byte{1}, nil
}

var plainStatus = regexp.MustCompile(`^[a-z_]{1,40}$`)

// verdict is the broker's status as far as it is a word of the protocol's.
func (b *bearerConversation) verdict() string {
	if !plainStatus.MatchString(b.status) {
		return ""
	}
	return " (" + b.status + ")"
}

var (
	extensionName  = regexp.MustCompile(`^[A-Za-z]+$`)
	extensionValue = regexp.MustCompile(`^[\x20-\x7e\t\r\n]*$`)
)

// validExtension says whether KIP-342 allows it; "auth" is the token's own place.
func validExtension(name, value string) bool {
	return extensionName.MatchString(name) && name != "auth" && extensionValue.MatchString(value)
}
