// Package platform puts services together: it reads the configuration, connects
// to Kafka and ClickHouse, and runs any set of services in one process, from a
// single microservice to all of Mirador. It is the only place that knows both the
// detectors and the runner.
//
// Reading order: config.go (what can be set), services.go (what each service is
// made of), process.go (how they start, run and end), main.go (what a command does).
package platform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/telemetry"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/classifier"
	"github.com/miradorhq/mirador/services/console"
	"github.com/miradorhq/mirador/services/discovery"
	"github.com/miradorhq/mirador/services/discovery/spec/audit"
	"github.com/miradorhq/mirador/services/responder"
	"github.com/miradorhq/mirador/services/shipper"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict"
)

// Config is every setting of Mirador. A process reads the parts that its
// services need.
type Config struct {
	Tenant         string               `yaml:"tenant" doc:"Tenant of what this process ships and shows; one tenant is the default."`
	Instance       string               `yaml:"instance" doc:"Lasting name of this process among those of its service: it must stay the same across restarts and no two may share it. Empty: the host's name."`
	DataDir        string               `yaml:"data_dir" doc:"Folder for keys, spool and, with mirador up, the data of Kafka and ClickHouse."`
	Kafka          KafkaConfig          `yaml:"kafka" doc:"Kafka: the events in, everything else out."`
	ClickHouse     chsink.Config        `yaml:"clickhouse" doc:"ClickHouse: where results and the audit log are kept."`
	Retention      chsink.Retention     `yaml:"retention" doc:"How long ClickHouse keeps rows."`
	Stages         StageConfig          `yaml:"stages" doc:"How consumer stages batch, commit and keep their state."`
	Content        ContentConfig        `yaml:"content" doc:"How far messages are taken apart, for all detectors."`
	Identity       IdentityConfig       `yaml:"identity" doc:"The key of the keyed hashes of credentials."`
	Signing        SigningConfig        `yaml:"signing" doc:"The keys that actions are signed with."`
	Shipper        shipper.Config       `yaml:"shipper" doc:"The HTTP ingest endpoint and the path of events to Kafka."`
	Discovery      discovery.Config     `yaml:"discovery" doc:"Endpoints and parameters from traffic."`
	Specifications audit.Config         `yaml:"specifications" doc:"Documents that the observed API is compared with: shadow, zombie, orphan, drift."`
	Signature      SignatureConfig      `yaml:"signature" doc:"Known attacks in requests and responses."`
	Behavior       behavior.Config      `yaml:"behavior" doc:"Who acts unusually."`
	Classifier     classifier.Config    `yaml:"classifier" doc:"Fields that carry sensitive data."`
	Responder      responder.Config     `yaml:"responder" doc:"What all findings together say of a principal."`
	Recorder       chsink.EventSettings `yaml:"recorder" doc:"How much of a transaction the audit log keeps."`
	Policy         policy.Config        `yaml:"policy" doc:"What may be done about a finding."`
	Enforcer       EnforcerConfig       `yaml:"enforcer" doc:"How actions take hold at an edge."`
	Console        console.Config       `yaml:"console" doc:"The analysts' console."`
	Telemetry      telemetry.Config     `yaml:"telemetry" doc:"Logs, metrics and health pages."`
}

// SignatureConfig are the detector's settings and its engine's.
type SignatureConfig struct {
	signature.Config `yaml:",inline"`
	Engine           engine.Config  `yaml:"engine" doc:"The engine: the OWASP core rule set, and rules of your own."`
	Verdict          verdict.Config `yaml:"verdict" doc:"The second stage: rules of Mirador's own, and what weighs all rules by where they matched."`
	Plain            bool           `yaml:"plain" doc:"No second stage: requests are attacks by the core rule set's anomaly score alone."`
}

// Validate reports everything that is wrong.
func (c SignatureConfig) Validate() error {
	return errors.Join(c.Config.Validate(), c.Engine.Validate(), c.Verdict.Validate())
}

// IdentityConfig names the tenant's key. Shippers and edges need the same one.
type IdentityConfig struct {
	KeyID   string `yaml:"key_id" doc:"Public name of the key."`
	KeyFile string `yaml:"key_file" doc:"File whose first line is the secret, 16 or more bytes. Empty: identity.key in data_dir/keys, made on first use."`
}

// SigningConfig names the Ed25519 keys of actions.
type SigningConfig struct {
	KeyFile string   `yaml:"key_file" doc:"Private key that this process signs actions with. Empty: actions.key in data_dir/keys, made on first use."`
	Trust   []string `yaml:"trust" doc:"Files with public keys that the enforcer trusts. Empty: the key of key_file alone."`
}

// StageConfig is the part of the runner's options that an operator sets.
type StageConfig struct {
	CommitInterval   time.Duration `yaml:"commit_interval" doc:"How often a detect stage commits where nothing is urgent; an action is committed at once."`
	PositionInterval time.Duration `yaml:"position_interval" doc:"How often it commits where it has nothing to put out."`
	BatchRecords     int           `yaml:"batch_records" doc:"Records a poll."`
	FetchBytes       int32         `yaml:"fetch_bytes" doc:"Bytes a stage fetches ahead: its backpressure."`
	Workers          int           `yaml:"workers" doc:"Goroutines that parse and match in parallel, a stage. 0: one a core."`
	SnapshotInterval time.Duration `yaml:"snapshot_interval" doc:"How often the state of a partition is written to Kafka; must be well below the retention of mirador.events."`
	Lateness         time.Duration `yaml:"lateness" doc:"How far the watermark stays behind the newest event."`
	IdleAdvance      time.Duration `yaml:"idle_advance" doc:"After how long without a record a partition's time follows the clock."`
	ClampAhead       time.Duration `yaml:"clamp_ahead" doc:"An event's stamp further ahead of the broker's than this is set back to it, and counted."`
	SessionTimeout   time.Duration `yaml:"session_timeout" doc:"A consumer silent for so long loses its partitions."`
	HeartbeatEvery   time.Duration `yaml:"heartbeat_interval" doc:"How often a consumer shows that it lives."`
	StallAfter       time.Duration `yaml:"stall_after" doc:"Lag without progress for so long turns the health page red."`
	DrainTimeout     time.Duration `yaml:"drain_timeout" doc:"How long a stage may take to end in order."`
	DeadLetterKey    string        `yaml:"dead_letter_key_file" doc:"File whose first line is 64 hex digits: payloads of dead letters are kept, encrypted with it. Empty: they are left out."`
	SinkRows         int           `yaml:"sink_rows" doc:"Rows an insert into ClickHouse."`
	SinkInterval     time.Duration `yaml:"sink_interval" doc:"Longest wait before an insert."`
}

// Defaults are secure and fit one machine.
func Defaults() Config {
	o := runner.DefaultOptions()
	return Config{
		Tenant: event.DefaultTenant, DataDir: defaultDataDir(),
		Kafka:      KafkaConfig{Brokers: []string{"127.0.0.1:9092"}, CreateTopics: true, Partitions: 6, Replication: -1},
		ClickHouse: chsink.DefaultConfig(), Retention: chsink.DefaultRetention(),
		Stages: StageConfig{
			CommitInterval: o.CommitInterval, PositionInterval: o.PositionInterval, BatchRecords: o.BatchRecords, FetchBytes: o.FetchBytes, SnapshotInterval: o.SnapshotInterval,
			Lateness: o.Lateness, IdleAdvance: o.IdleAdvance, ClampAhead: o.ClampAhead, SessionTimeout: o.SessionTimeout,
			HeartbeatEvery: o.HeartbeatInterval, StallAfter: o.StallAfter, DrainTimeout: o.DrainTimeout, SinkRows: o.SinkRows, SinkInterval: o.SinkInterval,
		},
		Content:  contentDefaults(),
		Identity: IdentityConfig{KeyID: "k1"},
		Shipper:  shipper.Defaults(), Discovery: discovery.Defaults(),
		Specifications: audit.Defaults(),
		Signature:      SignatureConfig{Config: signature.Defaults(), Engine: engine.Defaults()},
		Behavior:       behavior.Defaults(), Classifier: classifier.Defaults(), Responder: responder.Defaults(), Recorder: chsink.DefaultEventSettings(),
		Policy: policy.Defaults(), Enforcer: enforcerDefaults(), Console: console.Defaults(), Telemetry: telemetry.Defaults(),
	}
}

// defaultDataDir is mirador in the user's own data folder.
func defaultDataDir() string {
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "mirador")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "mirador-data"
	}
	return filepath.Join(home, ".local", "share", "mirador")
}

// Validate reports what the parts cannot see alone; pkg/config asks each of them.
func (c *Config) Validate() error {
	var errs []error
	if c.Tenant == "" || strings.Contains(c.Tenant, "|") {
		errs = append(errs, fmt.Errorf("tenant: %q must be set and must not hold '|'", c.Tenant))
	}
	if strings.ContainsAny(c.Instance, "| ") {
		errs = append(errs, fmt.Errorf("instance: %q must not hold '|' or blanks", c.Instance))
	}
	if c.DataDir == "" {
		errs = append(errs, errors.New("data_dir: must be set"))
	}
	return errors.Join(errs...)
}

func (c *Config) instance() string {
	if c.Instance != "" {
		return c.Instance
	}
	if h, err := os.Hostname(); err == nil {
		return h
	}
	return "local"
}

// Validate reports everything that is wrong.
func (s *StageConfig) Validate() error {
	o := runner.DefaultOptions()
	s.apply(&o)
	errs := o.Problems()
	for i, err := range errs {
		errs[i] = fmt.Errorf("stages.%w", err)
	}
	return errors.Join(errs...)
}

// apply puts the settings over the runner's defaults.
func (s *StageConfig) apply(o *runner.Options) {
	o.CommitInterval, o.PositionInterval, o.BatchRecords, o.FetchBytes, o.Workers = s.CommitInterval, s.PositionInterval, s.BatchRecords, s.FetchBytes, s.Workers
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.SnapshotInterval, o.Lateness, o.IdleAdvance, o.ClampAhead = s.SnapshotInterval, s.Lateness, s.IdleAdvance, s.ClampAhead
	o.SessionTimeout, o.HeartbeatInterval, o.StallAfter, o.DrainTimeout = s.SessionTimeout, s.HeartbeatEvery, s.StallAfter, s.DrainTimeout
	o.SinkRows, o.SinkInterval = s.SinkRows, s.SinkInterval
}
