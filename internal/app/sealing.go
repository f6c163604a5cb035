package app

import (
	"fmt"

	"bankprocessor/internal/config"
	"bankprocessor/internal/follow"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sealing"
)

// sealingSection is where the keysets are configured.
const sealingSection = "dead_letters.encryption"

// newSealer returns nil where dead letters stand in clear. A keyset that cannot
// be used is an error: a value must not leave in clear because its key is gone.
func newSealer(cfg sealing.Config) (*sealing.Sealer, error) {
	if !cfg.Enabled() {
		return nil, nil
	}
	s, err := sealing.NewSealer(cfg)
	if err != nil {
		return nil, config.Explain(sealingSection, err)
	}
	return s, nil
}

// followedKeyset is the file of s, which may be nil.
func followedKeyset(s *sealing.Sealer) []follow.Setting {
	if s == nil {
		return nil
	}
	return []follow.Setting{s.Followed(sealingSection)}
}

// encryptor keeps a nil Sealer from becoming an Encryptor that is not nil.
func encryptor(s *sealing.Sealer) producers.Encryptor {
	if s == nil {
		return nil
	}
	return s
}

// checkSealing reads the keysets as the processor and the operators' tools do.
func checkSealing(cfg sealing.Config) Finding {
	f := Finding{Name: sealingSection, Note: "no public_keyset_file: the values of dead letters stand in clear"}
	keyID := ""
	if cfg.Enabled() {
		sealer, err := newSealer(cfg)
		if err != nil {
			return Finding{Name: f.Name, Err: err}
		}
		keyID = sealer.KeyID()
		f.Note = "sealing with key " + keyID
	}
	if cfg.PrivateKeysetFile == "" {
		return f
	}
	opener, err := sealing.NewOpener(cfg)
	switch {
	case err != nil:
		f.Err = config.Explain(sealingSection, err)
	case cfg.Enabled() && !opener.Has(keyID):
		f.Err = fmt.Errorf("%s.private_keyset_file: lacks key %s, which values are sealed with: want the private half of public_keyset_file", sealingSection, keyID)
	default:
		f.Note += "; the private keyset can be read, and belongs on no processor's host"
	}
	return f
}
