package deploytest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/config"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/platform"
)

func example(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repository, "deploy", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestExampleSettings loads every file of settings as --validate does. The folder
// /etc/mirador that they name is made in a temporary one.
func TestExampleSettings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "deploy", "examples", "*.yaml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files of settings: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := example(t, filepath.Base(file))
			etc := filepath.Join(t.TempDir(), "etc", "mirador")
			for _, path := range etcPath.FindAllString(text, -1) {
				put(t, filepath.Join(etc, strings.TrimPrefix(path, "/etc/mirador")))
			}
			text = strings.ReplaceAll(text, "/etc/mirador", etc)
			text = strings.ReplaceAll(text, "data_dir: /var/lib", "data_dir: "+filepath.Join(etc, "var"))
			settings := filepath.Join(etc, "settings.yaml")
			if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c := platform.Defaults()
			if err := config.Load(&c, config.Sources{File: settings}); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if !c.Kafka.TLS.Enabled || c.Kafka.SASL.Mechanism != "SCRAM-SHA-512" {
				t.Error("an example for production without TLS and SASL")
			}
			if _, err := c.Kafka.Options(); err != nil {
				t.Errorf("the settings are valid and no client can be made of them: %v", err)
			}
		})
	}
}

var etcPath = regexp.MustCompile(`/etc/mirador/(?:tls|secrets)/[\w.-]+`)

// put makes the file that a setting names: a certificate and its key, a public
// key, a secret.
func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var b []byte
	switch filepath.Ext(path) {
	case ".pem", ".key":
		if strings.Contains(path, "secrets") {
			b = []byte("0123456789abcdef0123456789abcdef\n")
			break
		}
		cert, key := certificate(t)
		other := strings.TrimSuffix(path, filepath.Ext(path))
		// Both halves at once, so that they fit together.
		write(t, other+".pem", cert)
		write(t, other+".key", key)
		return
	case ".pub":
		pub, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		b = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	default:
		b = []byte("0123456789abcdef0123456789abcdef\n")
	}
	write(t, path, b)
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mirador test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: kder})
}

// TestEdgesFailOpen reads what each proxy's example must have: the question, the
// token, the client's address by its own word and not the client's, a bound on
// time, and the way past a silent enforcer. That the proxies take the files and act
// on them is edges_test.go's (make test-edges).
func TestEdgesFailOpen(t *testing.T) {
	for file, want := range map[string][]string{
		"nginx/mirador.conf": {"auth_request ", "/v1/decide?proxy=nginx", "proxy_set_header X-Mirador-Token", "proxy_set_header X-Mirador-Client-Ip $remote_addr",
			`proxy_set_header X-Forwarded-For "";`, "proxy_read_timeout 100ms", "= @mirador_pass", "proxy_pass_request_body off"},
		"haproxy/haproxy.cfg": {"http-request lua.mirador_decide", "status 403", "status 429", "status 401"},
		"haproxy/mirador.lua": {"/v1/decide", "x-mirador-token", "x-mirador-client-ip", "timeout = 100", "silent_until"},
		"envoy/envoy.yaml":    {"path_prefix: /v1/decide", "failure_mode_allow: true", "timeout: 0.1s", "x-mirador-token", "use_remote_address: true"},
	} {
		text := example(t, file)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q", file, w)
			}
		}
	}
	var envoy struct {
		Static struct {
			Listeners []any `yaml:"listeners"`
			Clusters  []struct {
				Name string `yaml:"name"`
			} `yaml:"clusters"`
		} `yaml:"static_resources"`
	}
	if err := yaml.Unmarshal([]byte(example(t, "envoy/envoy.yaml")), &envoy); err != nil || len(envoy.Static.Listeners) != 1 || len(envoy.Static.Clusters) != 2 {
		t.Errorf("envoy.yaml: %v, %+v", err, envoy)
	}
}

// TestACLsNameTopicsThatThereAre, and give a shipper nothing but the right to write.
func TestACLsNameTopicsThatThereAre(t *testing.T) {
	text := example(t, "kafka/acls.sh")
	topic := regexp.MustCompile(`--topic (mirador\.[a-z.]+)`)
	for _, m := range topic.FindAllStringSubmatch(text, -1) {
		if name := m[1]; name != "mirador." && !strings.Contains(string(schemas.Topics), "name: "+name+"\n") {
			t.Errorf("there is no topic %s", name)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "allow User:mirador-shipper") && regexp.MustCompile(`--operation (Read|All|Create|Delete|Alter)`).MatchString(line) {
			t.Errorf("a shipper may do more than write: %s", line)
		}
	}
}
