// Package oauth obtains the tokens by which the processor authenticates to Kafka
// brokers (SASL OAUTHBEARER): OAuth 2.0 client credentials at a token endpoint.
//
// It asks once for all who want a token, ahead of the old one's end, follows no
// redirect, and never tries a refused client secret in a loop: it waits until the
// secret is another one, or for the configured pause. It owns no goroutine and
// keeps no connection.
package oauth
