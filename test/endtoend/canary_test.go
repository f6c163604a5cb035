package endtoend

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"bankprocessor/internal/command"
)

// canary is a made-up piece of personal data that occurs nowhere else: where it
// is found, something has leaked.
type canary struct {
	what, value string
	// strict ones are identity numbers, phones, e-mail and postal addresses:
	// they must not even stand in the value of a result.
	strict bool
	forms  [][]byte
}

// cage hands out canaries and remembers them.
type cage struct {
	canaries []canary
	n        int
}

func (c *cage) add(what, value string, strict bool) string {
	c.canaries = append(c.canaries, canary{what, value, strict, formsOf(value)})
	return value
}

func (c *cage) next() int { c.n++; return c.n }

// identity is a number with the right check digits; like the widely published
// sample it begins with many zeros.
func (c *cage) identity() string {
	for n := 0; ; n++ {
		if id := fmt.Sprintf("1%08d%02d", 700+c.n, n%100); command.ValidTCKN(id) {
			c.next()
			return c.add("identity number", id, true)
		}
	}
}

// phone is a national number, ten digits.
func (c *cage) phone() string { return c.add("phone", fmt.Sprintf("559100%04d", c.next()), true) }

func (c *cage) email() string {
	return c.add("e-mail", fmt.Sprintf("kanarya.%d@example.com", c.next()), true)
}

func (c *cage) address(part string) string {
	return c.add("address", fmt.Sprintf("KanaryaŞİ-%s-%d", part, c.next()), true)
}

// text is any other text about a person.
func (c *cage) text(what string) string {
	return c.add(what, fmt.Sprintf("KanaryaĞı-%s-%d", what, c.next()), false)
}

// amount is money of a person's, with more digits than any clock shows.
func (c *cage) amount(what string) string {
	return c.add(what, fmt.Sprintf("7%011d.13", c.next()*31415926535%100000000000), false)
}

// number is any other number about a person.
func (c *cage) number(what string) int64 {
	n := 8000000000000 + int64(c.next())*271828182845%1000000000000
	c.add(what, strconv.FormatInt(n, 10), false)
	return n
}

// message is what a bank may tell of a person. Numbers come in all spellings.
func (c *cage) message() string {
	phone := c.phone()
	return fmt.Sprintf("Sayın %s, %s TCKN'li müşteri, tel +90 %s %s %s %s veya 0%s, e-posta %s",
		c.text("message"), c.identity(), phone[:3], phone[3:6], phone[6:8], phone[8:], c.phone(), c.email())
}

// page is a body that holds everything.
func (c *cage) page() string {
	return "<html>" + c.message() + ", adres " + c.address("page") + ", maaş " + c.amount("page") + "</html>"
}

// formsOf spells a value in the ways in which software might write it.
func formsOf(value string) [][]byte {
	ascii := strconv.QuoteToASCII(value)
	forms := []string{
		value, strings.ToUpper(value), strings.ToLower(value),
		strings.ToUpperSpecial(unicode.TurkishCase, value), strings.ToLowerSpecial(unicode.TurkishCase, value),
		url.QueryEscape(value), url.PathEscape(value), ascii[1 : len(ascii)-1], hex.EncodeToString([]byte(value)),
	}
	for shift := range 3 { // wherever in an encoded text it stands
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), value...))
		encoded = encoded[(shift*8+5)/6 : len(encoded)-min(1, (shift+len(value))%3)]
		forms = append(forms, encoded)
	}
	if whole, hundredths, ok := strings.Cut(value, "."); ok && len(hundredths) == 2 {
		forms = append(forms, whole+hundredths, whole+","+hundredths)
	}
	if number, err := strconv.ParseInt(value, 10, 64); err == nil {
		forms = append(forms, string(binary.AppendVarint(nil, number))) // Avro's own
		if len(value) == 10 {
			for _, gap := range []string{" ", "-", "."} {
				forms = append(forms, value[:3]+gap+value[3:6]+gap+value[6:8]+gap+value[8:],
					"("+value[:3]+") "+value[3:6]+gap+value[6:8]+gap+value[8:])
			}
		}
	}
	slices.Sort(forms)
	var unique [][]byte
	for _, form := range slices.Compact(forms) {
		unique = append(unique, []byte(form))
	}
	return unique
}

// search returns what it finds in a text; strictly looks for the strict ones
// alone.
func (c *cage) search(text []byte, strictly bool) (found []string) {
	for _, bird := range c.canaries {
		if strictly && !bird.strict {
			continue
		}
		for _, form := range bird.forms {
			if at := bytes.Index(text, form); at >= 0 {
				found = append(found, fmt.Sprintf("%s %q as %q: …%s…", bird.what, bird.value, form,
					bytes.ToValidUTF8(text[max(0, at-120):min(len(text), at+len(form)+60)], []byte("?"))))
				break
			}
		}
	}
	return found
}

// none fails the test for everything that is found.
func (c *cage) none(t *testing.T, where string, text []byte, strictly bool) {
	t.Helper()
	for _, found := range c.search(text, strictly) {
		t.Errorf("%s: %s", where, found)
	}
}

// The search must be able to find, or it would prove nothing.
func TestACanaryIsFoundInEveryShape(t *testing.T) {
	t.Parallel()
	var c cage
	identity, phone, email := c.identity(), c.phone(), c.email()
	street, income := c.address("street"), c.amount("income")
	for name, text := range map[string]string{
		"a log line":         `{"level":"WARN","msg":"refused","error":"no customer ` + identity + `"}`,
		"a metric":           `calls_total{customer="` + identity + `"} 1`,
		"a longer number":    "0090" + phone,
		"with a prefix":      "tel=+90" + phone,
		"in groups":          "+90 (" + phone[:3] + ") " + phone[3:6] + " " + phone[6:8] + " " + phone[8:],
		"upper case":         strings.ToUpper(email),
		"a query":            "GET /?mail=" + url.QueryEscape(email),
		"Turkish upper case": strings.ToUpperSpecial(unicode.TurkishCase, street),
		"JSON in ASCII":      strconv.QuoteToASCII(street),
		"base64":             base64.StdEncoding.EncodeToString([]byte(`{"a":"` + street + `"}`)),
		"hex":                hex.EncodeToString([]byte("x" + identity + "y")),
		"Turkish decimal":    "maaş " + strings.Replace(income, ".", ",", 1),
		"unscaled decimal":   "amount=" + strings.Replace(income, ".", "", 1),
		"Avro long":          "\x02" + string(binary.AppendVarint(nil, mustInt(t, identity))) + "\x00",
	} {
		if len(c.search([]byte(text), false)) == 0 {
			t.Errorf("not found %s: %q", name, text)
		}
	}
	if found := c.search([]byte(`{"msg":"command completed","command_id":"5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a03"}`), false); found != nil {
		t.Errorf("found in an innocent line: %v", found)
	}
	if found := c.search([]byte("income "+income), true); found != nil {
		t.Errorf("found strictly: %v", found)
	}
}

func mustInt(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	must(t, err)
	return n
}
