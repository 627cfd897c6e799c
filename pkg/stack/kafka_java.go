package stack

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The broker and the logger it needs, as Maven coordinates.
const (
	kafkaVersion = "4.3.0"
	log4jVersion = "2.24.3"
	minJava      = 17
)

// javaKafka prepares Apache Kafka in KRaft mode, broker and controller in one process.
func javaKafka(ctx context.Context, dir string, controllerPort int, o KafkaOptions, say announcer) (part, error) {
	java, err := findJava(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir(o.CacheDir)
	if err != nil {
		return nil, err
	}
	libs, err := fetchKafka(ctx, cache, say)
	if err != nil {
		return nil, err
	}
	properties, err := writeKafkaConfig(dir, controllerPort, o)
	if err != nil {
		return nil, err
	}
	classpath := filepath.Join(libs, "*")
	if _, err := os.Stat(filepath.Join(dir, "data", "meta.properties")); errors.Is(err, os.ErrNotExist) {
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails
		id[0] &= 0x7f           // an id that begins with a dash would read as a flag
		err := runTool(ctx, say, dir, "formatting Kafka's folder", java, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", classpath,
			"kafka.tools.StorageTool", "format", "-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", properties)
		if err != nil {
			return nil, fmt.Errorf("format %s for Kafka: %w", dir, err)
		}
	}
	return &process{
		name: "kafka", path: java, dir: dir,
		argv: slices.Concat(
			[]string{"java", fmt.Sprintf("-Xmx%dm", o.HeapMB), "-Dlog4j2.configurationFile=" + filepath.Join(dir, "log4j2.properties")},
			o.JavaArgs, []string{"-cp", classpath, "kafka.Kafka", properties}),
		output: filepath.Join(dir, "log", "output.log"), grace: 20 * time.Second,
	}, nil
}

const kafkaWaysOut = "install a Java " + "17 runtime and Maven, or start Docker, or set " + EnvKafkaBrokers + ", or use kfake"

var javaMajor = regexp.MustCompile(`version "(?:1\.)?(\d+)`)

// findJava gives a Java that is new enough: JAVA_HOME's, else the PATH's.
func findJava(ctx context.Context) (string, error) {
	java, err := exec.LookPath("java")
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java, err = exec.LookPath(filepath.Join(home, "bin", "java"))
	}
	if err != nil {
		return "", fmt.Errorf("java is missing (%s): %w", kafkaWaysOut, err)
	}
	out, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s -version (%s): %w: %s", java, kafkaWaysOut, err, strings.TrimSpace(string(out)))
	}
	m := javaMajor.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%s does not tell its version: %q", java, out)
	}
	if major, _ := strconv.Atoi(string(m[1])); major < minJava {
		return "", fmt.Errorf("%s is Java %d, Kafka needs %d (%s)", java, major, minJava, kafkaWaysOut)
	}
	return java, nil
}

// fetchKafka makes sure that the broker's jars are in the cache and returns their folder.
// Maven checks their checksums; the folder appears under its name only when whole.
func fetchKafka(ctx context.Context, cache string, say announcer) (string, error) {
	folder := filepath.Join(cache, "kafka-"+kafkaVersion+"-log4j-"+log4jVersion)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", fmt.Errorf("mvn (Maven) is missing, which fetches the broker once (%s): %w", kafkaWaysOut, err)
	}
	unlock, err := lockFile(ctx, folder+".lock", func() { say.say("another process is fetching Kafka, waiting for it") })
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	temp, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return "", fmt.Errorf("folder in the cache: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := os.WriteFile(filepath.Join(temp, "pom.xml"), []byte(kafkaPom), 0o644); err != nil {
		return "", fmt.Errorf("project for Maven: %w", err)
	}
	say.say("fetching Apache Kafka %s (43 MB, once) into %s", kafkaVersion, cache)
	err = runTool(ctx, say, temp, "fetching Kafka", mvn, "-q", "-B", "-C", "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory=libs")
	if err != nil {
		return "", fmt.Errorf("mvn could not fetch Kafka %s (%s): %w", kafkaVersion, kafkaWaysOut, err)
	}
	libs := filepath.Join(temp, "libs")
	if _, err := os.Stat(filepath.Join(libs, "kafka_2.13-"+kafkaVersion+".jar")); err != nil {
		return "", fmt.Errorf("mvn ended well but left no broker: %w", err)
	}
	if err := os.Rename(libs, folder); err != nil {
		return "", fmt.Errorf("put Kafka into the cache: %w", err)
	}
	return folder, nil
}

const kafkaPom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mirador</groupId><artifactId>kafka-libs</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>` + kafkaVersion + `</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>` + log4jVersion + `</version></dependency>
  </dependencies>
</project>
`

// writeKafkaConfig writes the broker's configuration into its folder, anew at each start,
// and returns the path of the properties.
func writeKafkaConfig(dir string, controllerPort int, o KafkaOptions) (string, error) {
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o755); err != nil {
		return "", fmt.Errorf("folder of the broker: %w", err)
	}
	esc := strings.NewReplacer(`\`, `\\`).Replace // a properties file knows escapes
	logging := fmt.Sprintf(kafkaLogging, esc(filepath.Join(dir, "log", "server.log")))
	if err := os.WriteFile(filepath.Join(dir, "log4j2.properties"), []byte(logging), 0o644); err != nil {
		return "", fmt.Errorf("logging of the broker: %w", err)
	}
	properties := filepath.Join(dir, "server.properties")
	text := fmt.Sprintf(kafkaProperties, loopback(o.Port), loopback(controllerPort), esc(filepath.Join(dir, "data")), o.Partitions)
	if err := os.WriteFile(properties, []byte(text), 0o644); err != nil {
		return "", fmt.Errorf("configuration of the broker: %w", err)
	}
	return properties, nil
}

// One broker holds everything once. Timed out transactions are looked for every second
// (10 s by default): a member that never comes back holds readers of its output no longer
// than its transaction timeout and that. Groups form at once: a fixed set of members starts.
// A broker that was killed is let in again when its old session is over (9 s by default).
const kafkaProperties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
num.partitions=%[4]d
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=5
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
`

const kafkaLogging = `status=warn
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName=%[1]s
appender.file.filePattern=%[1]s.%%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%%d{ISO8601} %%p %%m (%%c)%%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
rootLogger.level=warn
rootLogger.appenderRef.file.ref=file
`
