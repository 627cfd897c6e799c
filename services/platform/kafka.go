package platform

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// KafkaConfig says how to reach the brokers and how to make the topics.
type KafkaConfig struct {
	Brokers      []string   `yaml:"brokers" doc:"Addresses of brokers, host:port."`
	CreateTopics bool       `yaml:"create_topics" doc:"Make missing topics at start and check the settings of the others. Off for a user that may not, such as a shipper's: the topics must be there."`
	Partitions   int        `yaml:"partitions" doc:"Partitions of mirador.events, fixed when the topic is created."`
	Replication  int        `yaml:"replication" doc:"Replication factor of topics that are created; -1 is the broker's default."`
	TLS          TLSConfig  `yaml:"tls" doc:"Encryption towards brokers."`
	SASL         SASLConfig `yaml:"sasl" doc:"Authentication towards brokers."`
}

// TLSConfig is the client's side of TLS. Verification cannot be turned off.
type TLSConfig struct {
	Enabled    bool   `yaml:"enabled" doc:"Use TLS."`
	CA         string `yaml:"ca" doc:"File of PEM certificates to trust; empty means the system's."`
	Cert       string `yaml:"cert" doc:"File with the client's PEM certificate, for mutual TLS."`
	Key        string `yaml:"key" doc:"File with the client's PEM key."`
	ServerName string `yaml:"server_name" doc:"Name to expect in the server's certificate; empty means the address dialled."`
}

// SASLConfig authenticates by user and password.
type SASLConfig struct {
	Mechanism    string `yaml:"mechanism" doc:"Empty for none, else PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."`
	User         string `yaml:"user" doc:"User name."`
	PasswordFile string `yaml:"password_file" doc:"File whose first line is the password; secrets do not stand in this file."`
}

// Validate reports everything that is wrong.
func (c *KafkaConfig) Validate() error {
	var errs []error
	for _, b := range c.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			errs = append(errs, fmt.Errorf("brokers: %q is not host:port", b))
		}
	}
	if c.Partitions < 1 {
		errs = append(errs, fmt.Errorf("partitions: %d, but at least 1 is needed", c.Partitions))
	}
	if c.Replication == 0 || c.Replication < -1 {
		errs = append(errs, fmt.Errorf("replication: %d, but it is -1 (the broker's default) or at least 1", c.Replication))
	}
	switch c.SASL.Mechanism {
	case "":
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		if c.SASL.User == "" || c.SASL.PasswordFile == "" {
			errs = append(errs, errors.New("sasl: user and password_file are needed with a mechanism"))
		}
		if c.SASL.Mechanism == "PLAIN" && !c.TLS.Enabled {
			errs = append(errs, errors.New("sasl: PLAIN sends the password in clear; turn tls.enabled on or use SCRAM-SHA-512"))
		}
	default:
		errs = append(errs, fmt.Errorf("sasl.mechanism: %q is not PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", c.SASL.Mechanism))
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		errs = append(errs, errors.New("tls: cert and key go together"))
	}
	return errors.Join(errs...)
}

// Options are what every Kafka client of the process is made with.
func (c *KafkaConfig) Options() ([]kgo.Opt, error) {
	opts := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID("mirador")}
	if c.TLS.Enabled {
		t, err := c.TLS.config()
		if err != nil {
			return nil, fmt.Errorf("kafka.tls: %w", err)
		}
		opts = append(opts, kgo.DialTLSConfig(t))
	}
	if c.SASL.Mechanism == "" {
		return opts, nil
	}
	password, err := firstLine(c.SASL.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("kafka.sasl.password_file: %w", err)
	}
	switch c.SASL.Mechanism {
	case "PLAIN":
		opts = append(opts, kgo.SASL(plain.Auth{User: c.SASL.User, Pass: password}.AsMechanism()))
	case "SCRAM-SHA-256":
		opts = append(opts, kgo.SASL(scram.Auth{User: c.SASL.User, Pass: password}.AsSha256Mechanism()))
	case "SCRAM-SHA-512":
		opts = append(opts, kgo.SASL(scram.Auth{User: c.SASL.User, Pass: password}.AsSha512Mechanism()))
	}
	return opts, nil
}

func (c *TLSConfig) config() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s holds no PEM certificate", c.CA)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
