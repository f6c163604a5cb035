// Package sealing keeps values secret at rest: whoever holds the public keyset
// can seal them, and only who holds the private keyset can open them again. The
// host that seals needs no secret, so that a stolen one opens nothing, not even
// what it sealed itself.
//
// The keys are Tink keysets in JSON (HPKE: X25519, HKDF-SHA256, AES-256-GCM), so
// that any of Tink's languages and tools can read what is sealed here. A keyset
// holds several keys. What is new is sealed with the primary one; what is older
// stays readable for as long as its key is in the private keyset.
//
// A value is sealed together with a context, such as the place that it stands at,
// and opens under the same context alone. Sealing proves nothing about who
// sealed: the public keyset is no secret.
package sealing
