package classifier

import (
	"bytes"
	"hash/crc32"

	"github.com/miradorhq/mirador/pkg/finding"
)

// CloudKeyInResponse is a field of a response that carries keys of a cloud or a
// service provider.
var CloudKeyInResponse = finding.Rule{
	ID: "DATA-04", Title: "Provider key in a response", Detector: "classifier", Severity: finding.Critical,
	OWASP: []string{"API3"}, CWE: []string{"CWE-200", "CWE-522"}, ATTACK: []string{"T1552"},
	Remediation: "Revoke the key at its provider, then stop returning it: call the provider from the server, or hand out credentials that are short-lived and narrow.",
}

// CloudKeyInURL is a path segment or query parameter that carries such keys.
var CloudKeyInURL = finding.Rule{
	ID: "DATA-07", Title: "Provider key in a URL", Detector: "classifier", Severity: finding.Medium,
	OWASP: []string{"API2"}, CWE: []string{"CWE-598"}, ATTACK: []string{"T1552"},
	Remediation: "Send the key in a header: URLs are kept in logs, histories and referrers. Revoke the key if it was not meant for browsers.",
}

var cloudKey = recognizer{
	typ: CloudKey, name: "cloud-key", checksum: true,
	named: 2.2, unnamed: -6.9,
	passTrue: 0.99, passRandom: 1e-6, // a prefix of the provider's own, length and alphabet
	// One key is a leak, and it is always the same one: there will be no second value.
	enough:    1,
	words:     []string{"key", "secret", "token", "apikey", "accesskey", "credential", "credentials", "password", "webhook"},
	how:       "provider keys by prefix, length, alphabet and checksum where there is one",
	mask:      maskKey,
	normalize: same,
	rule: func(p place) *finding.Rule {
		switch {
		case p.direction == response:
			return &CloudKeyInResponse
		case p.inURL():
			return &CloudKeyInURL
		}
		return nil
	},
}

// keyShape is how a provider's keys look.
type keyShape struct {
	prefix   string
	min, max int // characters after the prefix
	alphabet alphabet
	check    func(rest []byte) bool // nil for none
}

type alphabet uint8

const (
	alnum   alphabet = iota // [A-Za-z0-9]
	base32                  // [A-Z2-7]
	url64                   // [A-Za-z0-9_-]
	alnumUS                 // [A-Za-z0-9_]
)

func (a alphabet) has(c byte) bool {
	switch {
	case 'A' <= c && c <= 'Z':
		return true
	case a == base32:
		return '2' <= c && c <= '7'
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return true
	}
	return c == '_' && a >= url64 || c == '-' && a == url64
}

var keyShapes = [...]keyShape{
	{prefix: "AKIA", min: 16, max: 16, alphabet: base32}, // AWS: long-lived, temporary, bearer, context
	{prefix: "ASIA", min: 16, max: 16, alphabet: base32},
	{prefix: "ABIA", min: 16, max: 16, alphabet: base32},
	{prefix: "ACCA", min: 16, max: 16, alphabet: base32},
	{prefix: "AIza", min: 35, max: 35, alphabet: url64},                     // Google
	{prefix: "ghp_", min: 36, max: 36, alphabet: alnum, check: githubCheck}, // GitHub
	{prefix: "gho_", min: 36, max: 36, alphabet: alnum, check: githubCheck},
	{prefix: "ghu_", min: 36, max: 36, alphabet: alnum, check: githubCheck},
	{prefix: "ghs_", min: 36, max: 36, alphabet: alnum, check: githubCheck},
	{prefix: "ghr_", min: 36, max: 76, alphabet: alnum, check: githubCheck},
	{prefix: "github_pat_", min: 82, max: 82, alphabet: alnumUS},
	{prefix: "xoxb-", min: 36, max: 80, alphabet: url64, check: slackCheck}, // Slack
	{prefix: "xoxp-", min: 36, max: 90, alphabet: url64, check: slackCheck},
	{prefix: "xapp-", min: 60, max: 120, alphabet: url64, check: slackCheck},
	{prefix: "sk_live_", min: 24, max: 247, alphabet: alnum}, // Stripe
	{prefix: "rk_live_", min: 24, max: 247, alphabet: alnum},
	{prefix: "sk_test_", min: 24, max: 247, alphabet: alnum},
	{prefix: "rk_test_", min: 24, max: 247, alphabet: alnum},
	{prefix: "sk_prod_", min: 24, max: 247, alphabet: alnum},
	{prefix: "rk_prod_", min: 24, max: 247, alphabet: alnum},
}

// knownKey says whether token has a provider's prefix, and whether the rest of it
// is as that provider makes it.
func knownKey(token []byte) (candidate, pass bool) {
	for i := range keyShapes {
		s := &keyShapes[i]
		if len(token) < len(s.prefix)+s.min || string(token[:len(s.prefix)]) != s.prefix {
			continue
		}
		rest := token[len(s.prefix):]
		if len(rest) > s.max {
			return false, false
		}
		for _, c := range rest {
			if !s.alphabet.has(c) {
				return false, false
			}
		}
		if filler(rest) {
			return false, false
		}
		return true, s.check == nil || s.check(rest)
	}
	return azureSecret(token), azureSecret(token)
}

// filler says whether a key is one of those that documents print.
func filler(rest []byte) bool {
	var seen [256]bool
	different := 0
	for _, c := range rest {
		if !seen[c] {
			seen[c] = true
			different++
		}
	}
	return different < 7 || bytes.Contains(rest, []byte("EXAMPLE"))
}

// githubCheck: the last six characters are the CRC-32 of those before, in base 62.
func githubCheck(rest []byte) bool {
	body, sum := rest[:len(rest)-6], crc32.ChecksumIEEE(rest[:len(rest)-6])
	want := rest[len(body):]
	for i := 5; i >= 0; i-- {
		if want[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return sum == 0
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// slackCheck: parts joined by '-', of which one at least is a long number and the
// last is the secret.
func slackCheck(rest []byte) bool {
	last := bytes.LastIndexByte(rest, '-')
	if last < 0 || len(rest)-last-1 < 24 {
		return false
	}
	for number := range bytes.SplitSeq(rest[:last], []byte{'-'}) {
		if len(number) >= 10 && len(digitsOnly(nil, number)) == len(number) {
			return true
		}
	}
	return false
}

// azureSecret is a client secret of Entra ID: three characters, a digit, "Q~" and
// 31 to 34 more.
func azureSecret(t []byte) bool {
	if len(t) < 37 || len(t) > 40 || t[3]-'0' > 9 || t[4] != 'Q' || t[5] != '~' || filler(t) {
		return false
	}
	for i, c := range t {
		if i != 5 && c != '~' && c != '.' && !url64.has(c) {
			return false
		}
	}
	return true
}

// azureKeyLength is how long the key of a storage account is: 64 bytes in base64.
const azureKeyLength = 88

// azureAccountKey is the length of the storage account key that b starts with,
// or 0.
func azureAccountKey(b []byte) int {
	if len(b) < azureKeyLength || string(b[azureKeyLength-2:azureKeyLength]) != "==" {
		return 0
	}
	for _, c := range b[:azureKeyLength-2] {
		if !alnum.has(c) && c != '+' && c != '/' {
			return 0
		}
	}
	if filler(b[:azureKeyLength-2]) {
		return 0
	}
	return azureKeyLength
}

// slackWebhook is the length of the path of an incoming webhook or a workflow's
// trigger that b starts with, or 0: the ids after the first word and the last
// part are together its secret.
func slackWebhook(b []byte) int {
	for _, s := range [...]struct {
		start   string
		slashes int
	}{{"/services/T", 2}, {"/workflows/T", 3}, {"/triggers/T", 2}} {
		if !bytes.HasPrefix(b, []byte(s.start)) {
			continue
		}
		end, slashes, last := len(s.start), 0, 0
		for end < len(b) && (alnum.has(b[end]) || b[end] == '/' && slashes < s.slashes) {
			if b[end] == '/' {
				slashes++
				last = end + 1
			}
			end++
		}
		if slashes == s.slashes && end-last >= 24 && !filler(b[last:end]) {
			return end
		}
	}
	return 0
}

// maskKey keeps the prefix that names the provider and nothing of the secret.
func maskKey(v []byte) string {
	for i := range keyShapes {
		if p := keyShapes[i].prefix; bytes.HasPrefix(v, []byte(p)) {
			return p + "***"
		}
	}
	switch {
	case len(v) > 0 && v[0] == '/':
		return "hooks.slack.com/***"
	case len(v) == azureKeyLength:
		return "AccountKey=***"
	}
	return "***Q~***"
}
