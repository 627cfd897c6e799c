package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Topic is one entry of schemas/topics.yaml.
type Topic struct {
	Name  string `yaml:"name"`
	About string `yaml:"about"`
	// Partitions is a number, or "events" for as many as mirador.events has.
	Partitions  string   `yaml:"partitions"`
	Cleanup     string   `yaml:"cleanup"` // delete or compact
	Retention   duration `yaml:"retention"`
	Compression string   `yaml:"compression"`
	// MaxBytes is the largest batch, which bounds a record; 0 is the broker's default.
	MaxBytes int `yaml:"max_bytes"`
}

type duration time.Duration

func (d *duration) UnmarshalYAML(b []byte) error {
	var s string
	if err := yaml.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	*d = duration(v)
	return err
}

// ParseTopics reads schemas.Topics.
func ParseTopics(b []byte) ([]Topic, error) {
	var doc struct {
		Topics []Topic `yaml:"topics"`
	}
	if err := yaml.UnmarshalWithOptions(b, &doc, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("topics.yaml: %w", err)
	}
	var errs []error
	for _, t := range doc.Topics {
		if n, err := strconv.Atoi(t.Partitions); t.Partitions != "events" && (err != nil || n < 1) {
			errs = append(errs, fmt.Errorf("topics.yaml: %s: partitions %q is neither a number above zero nor \"events\"", t.Name, t.Partitions))
		}
		if t.Name == "" || t.Cleanup != "delete" && t.Cleanup != "compact" {
			errs = append(errs, fmt.Errorf("topics.yaml: %q: a name and cleanup delete or compact are required", t.Name))
		}
	}
	return doc.Topics, errors.Join(errs...)
}

// TopicPlan is how EnsureTopics makes topics.
type TopicPlan struct {
	// Partitions of mirador.events, for good: changing it means a new topic and a
	// rebuild of state.
	Partitions  int32
	Replication int16
	// Retention replaces a topic's own, by its name in topics.yaml.
	Retention map[string]time.Duration
}

// EnsureTopics creates what is missing; several may do so at once. It reports,
// all at once, topics that are there and cannot work: another number of
// partitions, or events that do not outlive the snapshot interval.
func EnsureTopics(ctx context.Context, adm *kadm.Client, yml []byte, o *Options, plan TopicPlan) error {
	topics, err := ParseTopics(yml)
	if err != nil {
		return err
	}
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = o.Topic(t.Name)
	}
	there, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return fmt.Errorf("topics: kafka does not answer: %w", err)
	}
	var errs []error
	check := map[string]Topic{} // what this call did not create
	for i, t := range topics {
		if d, ok := there[names[i]]; ok && d.Err == nil {
			check[names[i]] = t
			continue
		}
		resp, err := adm.CreateTopic(ctx, plan.count(t), plan.Replication, plan.configs(t), names[i])
		if err == nil {
			err = resp.Err
		}
		switch {
		case errors.Is(err, kerr.TopicAlreadyExists): // another was faster
			check[names[i]] = t
		case err != nil:
			errs = append(errs, fmt.Errorf("topic %s: create with %d partitions, replication %d: %w", names[i], plan.count(t), plan.Replication, err))
		}
	}
	errs = append(errs, plan.check(ctx, adm, check)...)
	errs = append(errs, plan.checkRetention(ctx, adm, topics, o)...)
	return errors.Join(errs...)
}

func (p *TopicPlan) count(t Topic) int32 {
	if n, err := strconv.Atoi(t.Partitions); err == nil {
		return int32(n)
	}
	return p.Partitions
}

func (p *TopicPlan) retention(t Topic) time.Duration {
	if d, ok := p.Retention[t.Name]; ok {
		return d
	}
	return time.Duration(t.Retention)
}

func (p *TopicPlan) configs(t Topic) map[string]*string {
	c := map[string]*string{"cleanup.policy": &t.Cleanup}
	set := func(k, v string) { c[k] = &v }
	if d := p.retention(t); t.Cleanup == "delete" && d > 0 {
		set("retention.ms", strconv.FormatInt(d.Milliseconds(), 10))
	}
	if t.Compression != "" {
		// The producer's codec is kept; nothing is compressed again at the broker.
		set("compression.type", "producer")
	}
	if t.MaxBytes > 0 {
		set("max.message.bytes", strconv.Itoa(t.MaxBytes))
	}
	if t.Cleanup == "compact" {
		// Snapshots are read from the start at every takeover: closed and compacted
		// early, the topic stays near the size of what is alive.
		set("segment.bytes", strconv.Itoa(64<<20))
		set("segment.ms", strconv.Itoa(10*60*1000))
		set("min.cleanable.dirty.ratio", "0.2")
	}
	return c
}

// appear is how long a topic that another process created may take to be told.
const appear = 10 * time.Second

func (p *TopicPlan) check(ctx context.Context, adm *kadm.Client, topics map[string]Topic) []error {
	names := slices.Sorted(maps.Keys(topics))
	if len(names) == 0 {
		return nil
	}
	for until := time.Now().Add(appear); ; {
		there, err := adm.ListTopics(ctx, names...)
		if err != nil {
			return []error{fmt.Errorf("topics: kafka does not answer: %w", err)}
		}
		var errs []error
		missing := false
		for _, name := range names {
			d, ok := there[name]
			switch got, want := int32(len(d.Partitions)), p.count(topics[name]); {
			case !ok || d.Err != nil || got == 0:
				missing = true
				errs = append(errs, fmt.Errorf("topic %s: %w", name, errors.Join(errMissing, d.Err)))
			case got != want:
				errs = append(errs, fmt.Errorf("topic %s has %d partitions, configured are %d: the number is fixed when a topic is created; "+
					"set it to %d, or delete the topics of this tenant and let them be made anew", name, got, want, got))
			}
		}
		if !missing || time.Now().After(until) || ctx.Err() != nil {
			return errs
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// checkRetention: what stages replay must outlive their snapshots.
func (p *TopicPlan) checkRetention(ctx context.Context, adm *kadm.Client, topics []Topic, o *Options) []error {
	var replayed []string
	for _, t := range topics {
		if t.Cleanup == "delete" && t.Partitions == "events" {
			replayed = append(replayed, o.Topic(t.Name))
		}
	}
	got, err := adm.DescribeTopicConfigs(ctx, replayed...)
	if err != nil {
		return []error{fmt.Errorf("topic configuration: %w", err)}
	}
	var errs []error
	for _, rc := range got {
		i := slices.IndexFunc(rc.Configs, func(c kadm.Config) bool { return c.Key == "retention.ms" })
		if rc.Err != nil || i < 0 || rc.Configs[i].Value == nil {
			continue // not told: nothing to compare
		}
		ms, err := strconv.ParseInt(*rc.Configs[i].Value, 10, 64)
		if err != nil || ms < 0 {
			continue
		}
		if d := time.Duration(ms) * time.Millisecond; d <= o.SnapshotInterval {
			errs = append(errs, fmt.Errorf("topic %s keeps records for %v, and snapshots are %v apart: what a restart replays would be gone; raise retention.ms",
				rc.Name, d, o.SnapshotInterval))
		}
	}
	return errs
}
