package codec

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"github.com/linkedin/goavro/v2"

	"bankprocessor/internal/command"
)

// Every number of up to 14 bits, those around each power of two, and what is
// padded: against the library.
func TestDecimalsAreReadAndWrittenAlike(t *testing.T) {
	t.Parallel()
	for _, scale := range []uint8{0, 2, 18} {
		avro, err := goavro.NewCodec(`{"type":"bytes","logicalType":"decimal","precision":38,"scale":` + big.NewInt(int64(scale)).String() + `}`)
		if err != nil {
			t.Fatal(err)
		}
		check := func(n *big.Int) {
			t.Helper()
			r := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
			datum, err := avro.BinaryFromNative(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			want, wantErr := fromRat(r)
			got, fits := readDecimal(string(datum[1:]), scale)
			if fits != (wantErr == nil) || fits && got != want {
				t.Fatalf("%s at scale %d reads as %v (%v), want %v (%v)", n, scale, got, fits, want, wantErr)
			}
			if pad := bytes.Repeat([]byte{signOf(datum[1])}, 16-len(datum[1:])); fits {
				if padded, ok := readDecimal(string(append(pad, datum[1:]...)), scale); !ok || padded != want {
					t.Fatalf("%s at scale %d, padded, reads as %v", n, scale, padded)
				}
			}
			if !fits {
				return
			}
			if again, ok := appendDecimal(nil, &slot{scale: scale, whole: 20}, got); !ok || !bytes.Equal(again, datum) {
				t.Fatalf("%s at scale %d is written %x, want %x", n, scale, again, datum)
			}
		}
		for n := range int64(1 << 14) {
			check(big.NewInt(n - 1<<13))
		}
		for bit := range uint(126) {
			for around := range int64(5) {
				n := new(big.Int).Lsh(big.NewInt(1), bit)
				n.Add(n, big.NewInt(around-2))
				check(n)
				check(n.Neg(n))
			}
		}
	}
	if _, fits := readDecimal(string(make([]byte, 17)), 2); fits {
		t.Error("17 bytes are read")
	}
	if d, fits := readDecimal("", 2); !fits || d != (command.Decimal{}) {
		t.Error("no bytes are not 0")
	}
	if _, fits := appendDecimal(nil, &slot{scale: 2, whole: 16}, command.NewDecimal(math.MaxInt64, 2)); fits {
		t.Error("decimal(18,2) holds 19 digits")
	}
}
