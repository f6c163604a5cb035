package banksim

// invoiceText is ErrorMessage, in the language of live answers. Nobody may match
// on it.
var invoiceText = map[string]string{
	"000": "İşlem Başarılı Olarak Tamamlandı",
	"101": "Bayinin hesap bakiyesi peşin ödeme için uygun değildir",
	"102": "Bayinin geçerli bir ödeme talimatı bulunmamaktadır",
	"103": "Gönderilen döviz kodu için firma tahsilat kanal tanımı bulunamadı",
	"104": "Fatura borç-alacak tipi seçilmedi",
	"105": "Fatura işlem tipi seçilmedi (Yeni Fatura, Güncelleme, İptal)",
	"106": "Aynı fatura numaralı ödenmemiş vadeli fatura kaydı bulunmaktadır",
	"107": "Firma kodu bankada tanımlı değildir",
	"108": "Aynı fatura numarası ile daha önce ödenmiş vadeli fatura kaydı bulunmaktadır",
	"109": "Aynı fatura numaralı peşin ödenmiş fatura kaydı bulunmaktadır",
	"110": "Gönderdiğiniz fatura numarası sistemde daha önce iptal edilmiştir, fatura güncelleme kodu ile gönderilmelidir",
	"111": "Bayi kodu alanı en fazla 40 karakter olabilir",
	"112": "Fatura numarası alanı en fazla 40 karakter olabilir",
	"113": "Fatura numarası alanı boş olamaz",
	"114": "Bayi kodu alanı boş olamaz",
	"115": "Bayi hesabı tanımsız veya kapalı",
	"116": "Bayinin tanımlı KMH hesabı bulunamadı",
	"117": "Bayi hesabına bloke konulurken hata oluştu",
	"118": "Vadeli fatura kaydı oluşturulurken hata oluştu",
	"119": "Peşin fatura ödemesi sırasında hata oluştu",
	"120": "Vadeli faturalarda son ödeme tarihi bugünden büyük olmalıdır",
	"121": "Peşin faturalarda fatura vadesi bugün olmalıdır",
	"122": "Faturanın gecikmeli son ödeme tarihi son ödeme tarihinden küçük olamaz",
	"123": "Fatura vade tipi seçilmedi (Peşin-Vadeli)",
	"125": "Peşin fatura ödemesi sırasında fatura bilgileri doğrulanamadı",
	"126": "Fatura tutarı 0'dan büyük olmalıdır",
	"127": "Peşin faturalar güncelleme ve silme kodları ile işlem göremez",
	"128": "Güncellenecek-silinecek fatura kaydı bulunamadı",
	"129": "Fatura tutarı bayi limitini aşmaktadır, kullanılabilir limit tutarı (TRY):",
	"130": "Peşin Fatura Ödemesi Kısmi Tamamlandı",
	"131": "Bayi limit tanımı yok",
	"132": "Bayinin YP cinsinden hesap tanımı bulunamadı",
	"133": "Bayinin YP ödeme hesabı alınırken hata oluştu",
	"134": "Fatura döviz cinsi geçerli değil",
	"135": "Ödeme döviz cinsi geçerli değil",
	"999": "Beklenmeyen Hata",
}

// limitText and resultsText are ResultMessage.
var limitText = map[string]string{
	"300": "Bayi limit bilgileri listelenmiştir",
	"000": "Bayi limit bilgileri listelenmiştir",
	"301": "Limit bilgisi listelenecek bayi kodu veya tanımlı bayi limiti bulunamadı",
	"304": "Firma kodu bankada tanımlı değildir",
	"999": "Beklenmeyen Hata",
}

var resultsText = map[string]string{
	"000": "Kayıtlar listelenmiştir",
	"201": "Girilen tarih aralığında listelenecek kayıt bulunamadı",
	"202": "Sorgu tarihlerinde bitiş tarihi başlangıç tarihinden küçük olamaz",
	"203": "Listeleme için azami tarih aralığı aşıldı, azami tarih aralığı: {X} gün",
	"204": "Firma kodu bankada tanımlı değildir",
	"999": "Beklenmeyen Hata",
}

// loanText is Header.StatusDescription and StatusDescriptionEn.
var loanText = map[string][2]string{
	"APIGW000000": {"Tamamlandı", "Completed"},
	"ACBG000000":  {"Başarılı", "Successful"},
	"ACBG000001":  {"Geçersiz erişim anahtarı.", "Invalid token."},
	"ACBG000002":  {"Erişim anahtarı geçersiz veya kilitli.", "Token is invalid or locked."},
	"ACBG000003":  {"Plan limiti aşıldı.", "Plan limit exceeded."},
	"ACBG000004":  {"Plan kotası doldu.", "Plan quota exceeded."},
	"ACBG000005":  {"Uygulama gizli anahtarı hatalı.", "Application secret is invalid."},
	"ACBG000006":  {"Uygulama kilitlendi.", "Application is locked."},
	"ACBG000007":  {"İstek mesajı hatalı.", "Request message is invalid."},
	"ACBG000008":  {"Sistem hatası, lütfen daha sonra tekrar deneyiniz.", "System error, please try later."},
	"ACBG000009":  {"İşlem şu anda gerçekleştirilemiyor.", "The operation can not be performed now."},
	"ACBG000010":  {"IP adresi yetkili değil.", "IP address is not allowed."},
	"ACBH000101":  {"Kimlik numarası hatalı.", "Identity number is invalid."},
	"ACBH000146":  {"Kimlik numarası bulunamadı.", "Identity number was not found."},
	"ACBH000202":  {"Gelir bilgisi başvuru için yeterli değil.", "Income is not sufficient."},
}

// defaultText is the message of a code that a fault brings without one.
func (m *method) defaultText(code string) string {
	switch m.name {
	case MethodInvoice:
		return invoiceText[code]
	case MethodLimit:
		return limitText[code]
	case MethodResults:
		return resultsText[code]
	}
	return "" // the loan header has its own
}
