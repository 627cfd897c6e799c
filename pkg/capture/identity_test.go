package capture

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/miradorhq/mirador/pkg/event"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func testKey(t testing.TB) Key {
	t.Helper()
	k, err := NewKey("k1", secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testBuilder(t testing.TB, change func(*Config)) *Builder {
	t.Helper()
	c := Config{Key: testKey(t)}
	if change != nil {
		change(&c)
	}
	b, err := NewBuilder(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pairs(nv ...string) (hs []event.Header) {
	for i := 0; i+1 < len(nv); i += 2 {
		hs = append(hs, event.Header{Name: []byte(nv[i]), Value: []byte(nv[i+1])})
	}
	return hs
}

func token(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256","kid":"7"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("signature"))
}

// An edge that has no Go computes it like this.
func byHand(parts ...string) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(m.Sum(nil))[:32]
}

func TestHashes(t *testing.T) {
	k := testKey(t)
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(CredentialHash(k, "Bearer abc"), byHand("abc"))
	f(CredentialHash(k, " bearer   abc "), byHand("abc"))
	f(CredentialHash(k, "abc"), byHand("abc"))
	f(CredentialHash(k, "Unheard-Of abc"), byHand("Unheard-Of abc"))
	f(CredentialHash(k, ""), "")
	f(CredentialHash(k, `Digest username="bob", realm="r", response="1"`), CredentialHash(k, `Digest username="bob", realm="r", response="2"`))
	f(SessionHash(k, "s1"), byHand("s1"))
	f(SubjectHash(k, "https://idp", "alice"), byHand("https://idp", "\x00", "alice"))
	if _, err := NewKey("a b", secret); err == nil {
		t.Error("a key id with a space")
	}
	if _, err := NewKey("a", []byte("short")); err == nil || !strings.Contains(err.Error(), "openssl") {
		t.Error("a short key:", err)
	}
}

func TestIdentity(t *testing.T) {
	b, k := testBuilder(t, nil), testKey(t)
	jwt1 := token(`{"iss":"https://idp","sub":"alice","aud":["a"],"scope":"read","exp":1,"email":"alice@x.test"}`)
	jwt2 := token(`{"iss":"https://idp","sub":"alice","exp":2}`)
	alice := SubjectHash(k, "https://idp", "alice")
	n := 0
	f := func(scheme, credential, subject, session string, query string, tls event.TLS, nv ...string) event.Identity {
		t.Helper()
		n++
		id := b.Identity(pairs(nv...), []byte(query), tls)
		if string(id.Scheme) != scheme || string(id.Credential) != credential || string(id.Subject) != subject || string(id.Session) != session {
			t.Errorf("%v %s: got %s cred %s sub %s ses %s", nv, query, id.Scheme, id.Credential, id.Subject, id.Session)
		}
		if (scheme == "none") != (len(id.KeyID) == 0) {
			t.Errorf("key id %q", id.KeyID)
		}
		return id
	}
	no := event.TLS{}
	mtls := event.TLS{ClientCertificate: []byte("ff00"), ClientSubject: []byte("CN=svc")}
	f("none", "", "", "", "a=b", no, "Accept", "*/*", "Cookie", "locale=en; theme=dark; _ga=GA1.2.3; author=x; sidebar=1")
	id := f("jwt", byHand(jwt1), alice, "", "", no, "Authorization", "Bearer "+jwt1)
	if string(id.TokenHeader) != `{"alg":"RS256","kid":"7"}` || string(id.Claim("scope")) != `"read"` || string(id.Claim("aud")) != `["a"]` || id.Claim("sub") != nil || id.Claim("email") != nil {
		t.Errorf("%s %v", id.TokenHeader, id.Claims)
	}
	f("jwt", byHand(jwt2), alice, "", "", no, "authorization", "bearer "+jwt2) // refreshed: the same subject
	m2m := token(`{"iss":"i","client_id":"partner"}`)
	f("jwt", byHand(m2m), SubjectHash(k, "i", "partner"), "", "", no, "Authorization", "Bearer "+m2m)
	f("bearer", byHand("opaque"), "", "", "", no, "Authorization", "Bearer opaque")
	f("basic", byHand("Ym9iOnB3"), SubjectHash(k, "basic", "bob"), "", "", no, "Authorization", "Basic Ym9iOnB3")
	aws := "AWS4-HMAC-SHA256 Credential=AKID1/20260101/eu/s3/aws4_request, SignedHeaders=host, Signature=abc"
	f("other", byHand("AKID1"), SubjectHash(k, "aws4", "AKID1"), "", "", no, "Authorization", aws)
	f("api-key", byHand("key1"), "", "", "", no, "X-API-Key", "key1")
	f("api-key", byHand("key1"), "", "", "x=1&api%5Fkey=key1", no)
	f("bearer", byHand("opaque"), "", byHand("s1"), "api_key=key1", no, "Cookie", "a=b; sid=s1", "Authorization", "Bearer opaque")
	f("cookie", byHand("s1"), "", byHand("s1"), "", no, "Cookie", "remember_token=r1; JSESSIONID=s1; jwt=x")
	f("cookie", byHand("s2"), "", byHand("s2"), "", no, "Cookie", `connect.sid="s2"`)
	f("cookie", byHand("s3"), "", byHand("s3"), "", no, "Cookie", "ASP.NET_SessionId=s3", "Cookie", "XSRF-TOKEN=t")
	f("cookie", byHand(jwt1), alice, byHand(jwt1), "", no, "Cookie", "token="+jwt1)
	f("mtls", byHand("ff00"), SubjectHash(k, "mtls", "CN=svc"), "", "", mtls)
	f("jwt", byHand(jwt1), alice, "", "", mtls, "Authorization", "Bearer "+jwt1)
	f("basic", byHand("Ym9iOnB3"), SubjectHash(k, "mtls", "CN=svc"), "", "", mtls, "Authorization", "Basic Ym9iOnB3")
	f("bearer", byHand("eyJub3QiOiJh"), "", "", "", no, "Authorization", "Bearer eyJub3QiOiJh")
	if n != 18 {
		t.Fatalf("%d cases", n)
	}
	r, _ := http.NewRequest("GET", "http://x.test/?api_key=key1", nil)
	r.Header.Set("Cookie", "sid=s1")
	if got := b.RequestIdentity(r); string(got.Credential) != byHand("key1") || string(got.Session) != byHand("s1") {
		t.Errorf("request: %s %s", got.Credential, got.Session)
	}
}

func TestMaskGolden(t *testing.T) {
	b := testBuilder(t, nil)
	h := func(s string) string { return "hmac:k1:" + byHand(s) }
	r := &Raw{User: nil}
	e := &r.Event
	e.Path, e.Query = []byte("/a;jsessionid=secret-path/b"), []byte("q=1&access_token=secret-query&sort=up")
	e.RequestHeaders = pairs("Host", "x.test", "Authorization", "Bearer secret-bearer", "X-Api-Key", "secret-key", "Cookie", "theme=dark; sid=secret-sid; _ga=GA1; XSRF-TOKEN=secret-csrf",
		"Referer", "https://u:secret-user@x.test/p?token=secret-ref#frag", "X-Custom", "stays", "Cookie", "session=' OR 1=1 -- x; a=b")
	e.ResponseHeaders = pairs("Set-Cookie", "session=secret-set; Path=/; HttpOnly", "Set-Cookie", "locale=en", "Location", "/cb?code=1#access_token=secret-loc", "X-Auth-Token", "secret-auth")
	e.RequestBody.Data = []byte(`{"password":"secret-password"}`)
	e.ResponseBody.Data = []byte(`{"access_token":"secret-access","expires_in":3600}`)
	b.Build(r)
	var out strings.Builder
	fmt.Fprintf(&out, "%s ? %s\n", e.Path, e.Query)
	for _, h := range append(e.RequestHeaders, e.ResponseHeaders...) {
		fmt.Fprintf(&out, "%s: %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(&out, "%s\n%s\n%s\n", e.RequestBody.Data, e.ResponseBody.Data, bytes.Join(e.Masked, []byte(" ")))
	want := "/a;jsessionid=" + h("secret-path") + "/b ? q=1&access_token=" + h("secret-query") + "&sort=up\n" +
		"Host: x.test\nAuthorization: Bearer " + h("secret-bearer") + "\nX-Api-Key: " + h("secret-key") + "\nCookie: theme=dark; sid=" + h("secret-sid") + "; _ga=GA1; XSRF-TOKEN=" + h("secret-csrf") +
		"\nReferer: https://x.test/p?token=" + h("secret-ref") + "#frag\nX-Custom: stays\nCookie: session=" + h("' OR 1=1 -- x") + " ' OR 0=0 -- x; a=b\n" +
		"Set-Cookie: session=" + h("secret-set") + "; Path=/; HttpOnly\nSet-Cookie: locale=en\nLocation: /cb?code=1#access_token=" + h("secret-loc") + "\nX-Auth-Token: " + h("secret-auth") + "\n" +
		`{"password":"***"}` + "\n" + `{"access_token":"***","expires_in":3600}` + "\n" +
		"request.header:authorization request.header:x-api-key request.cookie:sid request.cookie:XSRF-TOKEN request.header:referer:userinfo request.header:referer:token request.cookie:session " +
		"response.cookie:session response.header:location:access_token response.header:x-auth-token request.query:access_token request.path:jsessionid request.body:password response.body:access_token\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if wire := event.Encode(nil, e); bytes.Contains(wire, []byte("secret-")) {
		t.Errorf("a secret is on the wire: %q", wire)
	}
}

// Whatever the place and the coding, the secret is not among the bytes that
// leave the process.
func FuzzNoSecretOnTheWire(f *testing.F) {
	f.Add("s3cr3t-value-1", uint8(0), uint8(0))
	for place := range uint8(16) {
		f.Add("AbCdEf0123456789", place, place%4)
	}
	b := testBuilder(f, nil)
	f.Fuzz(func(t *testing.T, s string, place, coding uint8) {
		for _, c := range []byte(s) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '~') {
				return // what a token is made of
			}
		}
		if len(s) < 10 || len(s) > 1000 || strings.Contains("access_token password Authorization Bearer application/json", s) {
			return
		}
		r := &Raw{}
		e := &r.Event
		body := &e.ResponseBody
		switch place % 16 {
		case 0:
			e.RequestHeaders = pairs("Authorization", "Bearer "+s)
		case 1:
			e.RequestHeaders = pairs("AUTHORIZATION", s)
		case 2:
			e.RequestHeaders = pairs("x-api-key", s, "X-Auth-Token", s)
		case 3:
			e.RequestHeaders = pairs("Cookie", "a=b;session="+s+";c=d")
		case 4:
			e.RequestHeaders = pairs("Cookie", "PHPSESSID="+s)
		case 5:
			e.ResponseHeaders = pairs("set-cookie", "__Host-sid="+s+"; Secure")
		case 6:
			e.Query = []byte("a=b&access_token=" + s + "&c=d")
		case 7:
			e.Query = []byte("API_KEY=" + s)
		case 8:
			body.Data = []byte(`{"a":{"access_token":"` + s + `"},"b":1}`)
		case 9:
			body = &e.RequestBody
			body.Data = []byte("user=x&password=" + s)
		case 10:
			body = &e.RequestBody
			body.Data = []byte(`{"query":"mutation{login(password:\"` + s + `\")}"}`)
		case 11:
			r.User = []byte(s)
		case 12:
			e.RequestHeaders = pairs("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("bob:"+s)))
		case 13:
			e.RequestHeaders = pairs("Referer", "https://x.test/?x=1&token="+s)
		case 14:
			body.Data = []byte("<a><password>" + s + "</password></a>")
			e.ResponseHeaders = pairs("Content-Type", "text/xml")
		case 15:
			e.RequestHeaders = pairs("Authorization", `Digest username="`+s+`", response="x"`)
		}
		if len(body.Data) > 0 {
			var z bytes.Buffer
			name := ""
			switch coding % 4 {
			case 1:
				w := gzip.NewWriter(&z)
				w.Write(body.Data)
				w.Close()
				name = "gzip"
			case 2:
				w := brotli.NewWriter(&z)
				w.Write(body.Data)
				w.Close()
				name = "br"
			case 3: // says gzip, and is not
				e.RequestHeaders = append(e.RequestHeaders, pairs("Content-Encoding", "gzip")...)
				e.ResponseHeaders = append(e.ResponseHeaders, pairs("Content-Encoding", "gzip")...)
			}
			if name != "" {
				body.Data = z.Bytes()
				e.RequestHeaders = append(e.RequestHeaders, pairs("Content-Encoding", name)...)
				e.ResponseHeaders = append(e.ResponseHeaders, pairs("Content-Encoding", name)...)
			}
		}
		wire := event.Encode(nil, b.Build(r))
		if bytes.Contains(wire, []byte(s)) {
			t.Fatalf("place %d coding %d: %q", place%16, coding%4, wire)
		}
		if len(e.Masked) == 0 {
			t.Fatalf("place %d: nothing said to be masked", place%16)
		}
		var back event.Event
		if err := event.Decode(wire, &back); err != nil {
			t.Fatal(err)
		}
	})
}

func TestClientAddress(t *testing.T) {
	b := testBuilder(t, func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	})
	fwd := testBuilder(t, func(c *Config) { c.TrustedProxies, c.ForwardedHeader = b.proxies, "Forwarded" })
	n := 0
	f := func(b *Builder, peer, want, source string, nv ...string) {
		t.Helper()
		n++
		r := &Raw{}
		r.Event.Client = event.Client{Address: []byte(peer), AddressSource: []byte("connection")}
		r.Event.RequestHeaders = pairs(nv...)
		e := b.Build(r)
		if string(e.Client.Address) != want || string(e.Client.AddressSource) != source {
			t.Errorf("%s %v: got %s (%s), want %s (%s)", peer, nv, e.Client.Address, e.Client.AddressSource, want, source)
		}
	}
	const x, xff, con = "X-Forwarded-For", "x-forwarded-for", "connection"
	f(b, "203.0.113.1", "203.0.113.1", con, x, "198.51.100.1")                                                       // the peer is the client: it may write what it likes
	f(b, "10.0.0.1", "198.51.100.1", xff, x, "198.51.100.1")                                                         //
	f(b, "10.0.0.1", "198.51.100.1", xff, x, "1.1.1.1, 198.51.100.1")                                                // never the leftmost
	f(b, "10.0.0.1", "198.51.100.1", xff, x, "1.1.1.1, 198.51.100.1, 10.0.0.2,10.0.0.3")                             // through the proxies
	f(b, "10.0.0.1", "198.51.100.1", xff, x, "1.1.1.1", "x-forwarded-for", "198.51.100.1, 10.0.0.2")                 // two lines are one list
	f(b, "10.0.0.1", "10.0.0.2", xff, x, "1.1.1.1, garbage, 10.0.0.2")                                               // nobody vouches beyond
	f(b, "10.0.0.1", "10.0.0.1", con, x, "1.1.1.1, unknown")                                                         //
	f(b, "10.0.0.1", "10.0.0.3", xff, x, "10.0.0.3, 10.0.0.2")                                                       // all proxies: the outermost
	f(b, "10.0.0.1", "10.0.0.1", con)                                                                                //
	f(b, "10.0.0.1", "10.0.0.1", con, x, "")                                                                         //
	f(b, "10.0.0.1", "2001:db8::7", xff, x, "[2001:db8::7]:4711")                                                    //
	f(b, "2001:db8:1::1", "198.51.100.1", xff, x, "198.51.100.1:80")                                                 //
	f(b, "::ffff:10.0.0.1", "198.51.100.1", xff, x, "::ffff:198.51.100.1")                                           //
	f(b, "10.0.0.1", "10.0.0.1", con, "Forwarded", "for=198.51.100.1")                                               // one header only
	f(fwd, "10.0.0.1", "198.51.100.1", "forwarded", "Forwarded", `for=1.1.1.1, For="198.51.100.1:80";proto=https`)   //
	f(fwd, "10.0.0.1", "2001:db8::7", "forwarded", "Forwarded", `for="[2001:db8::7]:1", by=x;for=10.0.0.9`)          //
	f(fwd, "10.0.0.1", "10.0.0.9", "forwarded", "Forwarded", `for=1.1.1.1, for=_hidden, for=10.0.0.9`, x, "8.8.8.8") //
	f(b, "10.0.0.1", "10.9.9.9", xff, x, strings.Repeat("10.9.9.9,", 5000)+"10.9.9.9")                               // bounded
	if n != 18 {
		t.Fatalf("%d cases", n)
	}
}

func FuzzClientAddress(f *testing.F) {
	b := testBuilder(f, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	f.Add("10.0.0.1", "1.1.1.1, 2.2.2.2", "3.3.3.3")
	f.Add("10.0.0.1", ",,,", "[::1]:80")
	f.Fuzz(func(t *testing.T, peer, one, two string) {
		addr, _ := b.clientAddress([]byte(peer), pairs("X-Forwarded-For", one, "X-Forwarded-For", two))
		if addr == nil {
			return
		}
		if _, err := netip.ParseAddr(string(addr)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzIdentity(f *testing.F) {
	b := testBuilder(f, nil)
	f.Add("Bearer "+token(`{"sub":"a"}`), "sid=a; b", "a=b&token=c", "sid=x; Path=/")
	f.Add("Basic Ym9iOnB3", "=;=;==", "%%%=", ";")
	f.Fuzz(func(t *testing.T, auth, cookie, query, set string) {
		r := &Raw{}
		r.Event.RequestHeaders = pairs("Authorization", auth, "Cookie", cookie, "Referer", query)
		r.Event.ResponseHeaders = pairs("Set-Cookie", set, "Location", query)
		r.Event.Query, r.Event.Path = []byte(query), []byte(cookie)
		var back event.Event
		if err := event.Decode(event.Encode(nil, b.Build(r)), &back); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCaps(t *testing.T) {
	b := testBuilder(t, func(c *Config) { c.BodyBytes, c.HeaderBytes, c.EventBytes = 100, 1000, 2000 })
	r := &Raw{}
	r.Event.RequestBody.Data = bytes.Repeat([]byte("a"), 500)
	for i := range 100 {
		r.Event.RequestHeaders = append(r.Event.RequestHeaders, pairs(fmt.Sprintf("X-%d", i), strings.Repeat("v", 20))...)
	}
	e := b.Build(r)
	if len(e.RequestBody.Data) != 100 || !e.RequestBody.Truncated || e.RequestBody.WireLength != 500 || len(e.RequestHeaders) > 45 || len(e.RequestHeaders) < 30 {
		t.Fatal(len(e.RequestBody.Data), e.RequestBody.WireLength, len(e.RequestHeaders))
	}
	if !strings.Contains(string(bytes.Join(e.Masked, nil)), "request.headers:cut") || b.Limits().Headers.Load() != 1 || b.Limits().Bodies.Load() != 1 {
		t.Fatal("not said")
	}
	// A bomb costs no more than the cap.
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(make([]byte, 50<<20))
	w.Close()
	r = &Raw{}
	r.Event.ResponseHeaders = pairs("Content-Encoding", "gzip")
	r.Event.ResponseBody.Data = z.Bytes()
	if e = b.Build(r); len(e.ResponseBody.Data) > 100 || !e.ResponseBody.Truncated || !e.ResponseBody.Decoded {
		t.Fatal(len(e.ResponseBody.Data))
	}
	many := make([]event.Header, 5000)
	r = &Raw{}
	r.Event.RequestHeaders = many
	if e = b.Build(r); len(e.RequestHeaders) != maxHeaders {
		t.Fatal(len(e.RequestHeaders))
	}
}
