package settings

func deadLetters() map[string]Row {
	const section, digestKey = "dead_letters.encryption.", "dead_letters.digest_key."
	return map[string]Row{
		section + "public_keyset_file": {
			Wrong: tests("internal/app.TestAKeyThatCannotBeUsedKeepsTheProcessorFromStarting", "internal/app.TestCheckReadsTheKeysets"),
			Right: tests("internal/app.TestDeadLettersAreSealedWithTheKeysetOfTheMoment"),
		},
		section + "private_keyset_file": {
			Wrong: tests("internal/app.TestCheckReadsTheKeysets", "cmd/processor.TestAnotherKeyOpensNothing"),
			Right: tests("cmd/processor.TestASealedDeadLetterIsShownWithItsKeyAlone"),
		},
		section + "private_keyset_key.file": {
			Wrong: tests("internal/sealing.TestAPrivateKeysetMayBeEncryptedItself"),
			Right: tests("internal/sealing.TestAPrivateKeysetMayBeEncryptedItself"),
		},
		section + "private_keyset_key.env": {
			Wrong: tests("internal/sealing.TestConfigFaults"),
			Right: tests("internal/sealing.TestAPrivateKeysetMayBeEncryptedItself"),
		},
		digestKey + "file": {
			Wrong: tests("internal/config.TestADigestKeyIsReadOrRefused"),
			Right: tests("internal/config.TestADigestKeyIsReadOrRefused"),
		},
		digestKey + "env": {
			Wrong: tests("internal/config.TestADigestKeyIsReadOrRefused"),
			Right: tests("internal/config.TestADigestKeyIsReadOrRefused"),
		},
	}
}
