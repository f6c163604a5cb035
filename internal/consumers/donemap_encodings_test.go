package consumers

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// encoding is one way of writing a done-map: the bytes, and the characters they are
// written in.
type encoding struct {
	body bodyForm
	text textForm
}

type bodyForm struct {
	name   string
	encode func(done []offsetRange) []byte
	decode func([]byte) ([]offsetRange, error)
}

type textForm struct {
	name   string
	encode func([]byte) string
	decode func(string) ([]byte, error)
}

func (e encoding) encode(done []offsetRange) string { return e.text.encode(e.body.encode(done)) }

func (e encoding) decode(text string) ([]offsetRange, error) {
	raw, err := e.text.decode(text)
	if err != nil {
		return nil, err
	}
	return e.body.decode(raw)
}

// encodings are those that are compared: the form before, the one that is used, and
// what each of its halves could be instead.
func encodings() []encoding {
	shorter := bodyForm{"runs|bitmap", encodeShorter, decodeShorter}
	rice := bodyForm{
		"rice",
		func(done []offsetRange) []byte { return appendRice(nil, done, shapeBase) },
		func(raw []byte) ([]offsetRange, error) { return decodeRice(raw, shapeBase) },
	}
	used := bodyForm{"rice|runs", encodeUsed, decodeUsed}
	deflated := bodyForm{
		"runs|bitmap,deflate",
		func(done []offsetRange) []byte { return deflate(encodeShorter(done)) },
		func(raw []byte) ([]offsetRange, error) {
			raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
			if err != nil {
				return nil, err
			}
			return decodeShorter(raw)
		},
	}
	base64Text := textForm{"base64", base64.RawURLEncoding.EncodeToString, base64.RawURLEncoding.DecodeString}
	base85Text := textForm{"base85", func(raw []byte) string { return string(appendBase85(nil, raw)) }, decodeBase85}
	base91Text := textForm{"base91", encodeBase91, decodeBase91}
	return []encoding{
		{shorter, base64Text},
		{shorter, base85Text},
		{deflated, base64Text},
		{deflated, base85Text},
		{bodyForm{"roaring", encodeRoaring, decodeRoaring}, base85Text},
		{rice, base85Text},
		{used, base64Text},
		{used, base85Text},
		{used, base91Text},
	}
}

// encodeShorter is the form before with its form in front.
func encodeShorter(done []offsetRange) []byte {
	form, body := handover{Base: shapeBase, Done: done}.encodeDoneV1()
	return append([]byte{form}, body...)
}

func decodeShorter(raw []byte) ([]offsetRange, error) {
	if raw[0] == formBitmapV1 {
		return decodeBitmapV1(raw[1:], shapeBase), nil
	}
	return decodeRuns(raw[1:], shapeBase)
}

// encodeUsed is the form of handover.encode with its flag in front.
func encodeUsed(done []offsetRange) []byte {
	raw := appendRice([]byte{0}, done, shapeBase)
	if runsBytes(done, shapeBase) < len(raw)-1 {
		return appendRuns([]byte{flagRuns}, done, shapeBase)
	}
	return raw
}

func decodeUsed(raw []byte) ([]offsetRange, error) {
	if raw[0] == flagRuns {
		return decodeRuns(raw[1:], shapeBase)
	}
	return decodeRice(raw[1:], shapeBase)
}

func deflate(raw []byte) []byte {
	var to bytes.Buffer
	w, err := flate.NewWriter(&to, flate.BestCompression)
	if err == nil {
		_, err = w.Write(raw)
		err = errors.Join(err, w.Close())
	}
	if err != nil { // a buffer takes everything
		panic(fmt.Sprintf("deflating: %v", err))
	}
	return to.Bytes()
}

func encodeRoaring(done []offsetRange) []byte {
	m := roaring.New()
	for _, r := range done {
		if from, end := r.First-shapeBase, r.End-shapeBase; end-from > 64 {
			m.AddRange(uint64(from), uint64(end))
		} else {
			for o := from; o < end; o++ {
				m.Add(uint32(o))
			}
		}
	}
	m.RunOptimize()
	raw, err := m.ToBytes()
	if err != nil {
		panic(fmt.Sprintf("writing a roaring bitmap: %v", err))
	}
	return raw
}

func decodeRoaring(raw []byte) (done []offsetRange, err error) {
	m := roaring.New()
	if _, err := m.FromBuffer(raw); err != nil {
		return nil, err
	}
	for i := m.Iterator(); i.HasNext(); {
		o := shapeBase + int64(i.Next())
		if last := len(done) - 1; last >= 0 && done[last].End == o {
			done[last].End++
		} else {
			done = append(done, offsetRange{o, o + 1})
		}
	}
	return done, nil
}

// base91Digits are all that stand in a text without quotes, backslash and minus.
const base91Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~ "

// encodeBase91 writes 13 bits as two digits, and 14 where their value allows.
func encodeBase91(raw []byte) string {
	var text strings.Builder
	var word, used uint
	pair := func(v uint) {
		text.WriteByte(base91Digits[v%91])
		text.WriteByte(base91Digits[v/91])
	}
	for _, b := range raw {
		word |= uint(b) << used
		if used += 8; used <= 13 {
			continue
		}
		n, v := uint(13), word&(1<<13-1)
		if v <= 88 {
			n, v = 14, word&(1<<14-1)
		}
		pair(v)
		word >>= n
		used -= n
	}
	switch {
	case used > 7 || word > 90:
		pair(word)
	case used > 0:
		text.WriteByte(base91Digits[word])
	}
	return text.String()
}

func decodeBase91(text string) (raw []byte, err error) {
	var word, have uint
	for len(text) > 0 {
		n, v := uint(13), uint(strings.IndexByte(base91Digits, text[0]))
		if len(text) == 1 {
			n = 8 // as many as are missing of the last byte
			text = ""
		} else {
			v += 91 * uint(strings.IndexByte(base91Digits, text[1]))
			if v&(1<<13-1) <= 88 {
				n = 14
			}
			text = text[2:]
		}
		word |= v << have
		for have += n; have > 7; have -= 8 {
			raw = append(raw, byte(word))
			word >>= 8
		}
	}
	return raw, nil
}
