package consumers

import (
	"encoding/base64"

	"bankprocessor/internal/kafka"
)

// The text of a processor before this form is read, and never written. It is
// handoverPrefixV1 and the unpadded URL base64 of
//
//	flags      1 byte: bit 0 Clean, bits 1-2 the form of the done-map, bit 3 Topic, rest 0
//	topic      16 bytes, where it is known
//	base       uvarint
//	attempts+1 uvarint
//	results+1  uvarint
//	done-map   to the end
//
// The done-map is the shorter of two forms, runs when they tie:
//
//	runs   donemap_runs.go
//	bitmap bit i%8 of byte i/8 is 1 when base+i is done; the last byte is not 0
const (
	handoverPrefixV1 = "bp1."
	formShiftV1      = 1
	formNoneV1       = 0
	formRunsV1       = 1
	formBitmapV1     = 2
	formMaskV1       = 3
	flagTopicV1      = 1 << 3
)

// encodeV1 returns the text that such a processor writes: what it does not write is
// none of its texts.
func (h handover) encodeV1() string {
	form, body := h.encodeDoneV1()
	raw := make([]byte, 0, maxHandoverHead+len(body))
	flags := byte(form << formShiftV1)
	if h.Clean {
		flags |= flagClean
	}
	if h.Topic != (kafka.TopicID{}) {
		flags |= flagTopicV1
	}
	raw = h.appendHead(append(raw, flags))
	raw = append(raw, body...)
	return handoverPrefixV1 + base64.RawURLEncoding.EncodeToString(raw)
}

func (h handover) encodeDoneV1() (form byte, body []byte) {
	if len(h.Done) == 0 {
		return formNoneV1, nil
	}
	runs := appendRuns(nil, h.Done, h.Base)
	if size := (h.Done[len(h.Done)-1].End - h.Base + 7) / 8; size < int64(len(runs)) {
		bitmap := make([]byte, size)
		for _, r := range h.Done {
			for i := r.First - h.Base; i < r.End-h.Base; i++ {
				bitmap[i/8] |= 1 << (i % 8)
			}
		}
		return formBitmapV1, bitmap
	}
	return formRunsV1, runs
}

func decodeV1(text string) (h handover, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return handover{}, errForeignMetadata
	}
	h.Clean = raw[0]&flagClean != 0
	rest, err := h.readHead(raw[1:], raw[0]&flagTopicV1 != 0)
	if err != nil {
		return handover{}, err
	}
	switch raw[0] >> formShiftV1 & formMaskV1 {
	case formNoneV1:
	case formRunsV1:
		h.Done, err = decodeRuns(rest, h.Base)
	case formBitmapV1:
		h.Done = decodeBitmapV1(rest, h.Base)
	default:
		err = errForeignMetadata
	}
	return h, err
}

func decodeBitmapV1(bitmap []byte, base int64) (done []offsetRange) {
	open := false
	for i := range int64(len(bitmap)) * 8 {
		switch set := bitmap[i/8]&(1<<(i%8)) != 0; {
		case set && !open:
			done = append(done, offsetRange{First: base + i, End: base + i + 1})
			open = true
		case set:
			done[len(done)-1].End++
		default:
			open = false
		}
	}
	return done
}
