package banksim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
)

// BenchmarkInvoice is the bank's own work on one insert, without a network.
func BenchmarkInvoice(b *testing.B) {
	b.Run("in memory", func(b *testing.B) { benchmarkInvoice(b, "") })
	b.Run("with a ledger file", func(b *testing.B) { benchmarkInvoice(b, b.TempDir()+"/ledger.ndjson") })
}

func benchmarkInvoice(b *testing.B, ledger string) {
	bank := banksim.New(banksim.Config{Clock: func() time.Time { return testNow }, LedgerFile: ledger})
	b.Cleanup(func() {
		if err := bank.Close(); err != nil {
			b.Error(err)
		}
	})
	handler := bank.Handler()
	order := termInvoice().with("InvoiceNumber", "NUMBER", "SubscriberNumber", "DEALER").String()
	body := fmt.Sprintf(`{"Header":{"AppKey":%q,"Channel":"API","ChannelSessionId":%q,"ChannelRequestId":"REQUEST"},"Parameters":[%s]}`,
		banksim.DefaultAppKey, session, order)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		text := strings.NewReplacer("NUMBER", fmt.Sprint("1", i), "DEALER", fmt.Sprint(i%10_000), "REQUEST", fmt.Sprint(i)).Replace(body)
		r := httptest.NewRequest(http.MethodPost, banksim.DefaultPathPrefix+banksim.MethodInvoice, strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if i == 0 && !strings.Contains(w.Body.String(), `"ErrorCode":"000"`) {
			b.Fatal(w.Body.String())
		}
	}
}
