package deploytest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/miradorhq/mirador/pkg/config"
	"github.com/miradorhq/mirador/services/platform"
)

// repository is the root of the tree.
const repository = "../.."

// setup is the one-shot service that makes the secrets.
const setup = "secrets"

// loadCompose reads docker-compose.yml as `docker compose` does with an empty
// environment. The loader validates it against the specification's schema.
func loadCompose(t *testing.T) *types.Project {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(repository, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := cli.NewProjectOptions([]string{file}, cli.WithWorkingDirectory(filepath.Dir(file)), cli.WithEnv(nil), cli.WithConsistency(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("docker-compose.yml is not valid: %v", err)
	}
	return p
}

// ours says whether s runs the image that this repository builds.
func ours(s types.ServiceConfig) bool { return s.Build != nil }

func TestComposeHoldsEveryService(t *testing.T) {
	p := loadCompose(t)
	want := append(platform.Names(), setup, "kafka", "clickhouse", "grafana")
	slices.Sort(want)
	got := p.ServiceNames()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("services are %v, want %v", got, want)
	}
	for _, name := range platform.Names() {
		if s := p.Services[name]; len(s.Command) == 0 || s.Command[0] != name {
			t.Errorf("%s runs %v", name, s.Command)
		}
	}
}

func TestComposeIsClosed(t *testing.T) {
	p := loadCompose(t)
	pinned := regexp.MustCompile(`:v?\d+(\.\d+)+$`)
	for name, s := range p.Services {
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q, not on loopback alone", name, port.Published, port.HostIP)
			}
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 || s.Privileged {
			t.Errorf("%s keeps capabilities", name)
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may gain privileges", name)
		}
		if s.MemLimit == 0 {
			t.Errorf("%s has no limit of memory", name)
		}
		if name != setup && (s.Restart != "unless-stopped" || s.HealthCheck == nil) {
			t.Errorf("%s: restart %q, health check %v", name, s.Restart, s.HealthCheck)
		}
		for key, value := range s.Environment {
			if secretName.MatchString(key) && !strings.Contains(key, "_FILE") && value != nil && *value != "" {
				t.Errorf("%s: %s holds a secret in clear", name, key)
			}
		}
		if !ours(s) {
			if !pinned.MatchString(s.Image) {
				t.Errorf("%s: image %s is not pinned to a version", name, s.Image)
			}
			continue
		}
		if !s.ReadOnly || s.User != "65532:65532" {
			t.Errorf("%s: read_only %v, user %q", name, s.ReadOnly, s.User)
		}
		if name == setup {
			continue
		}
		if d := s.DependsOn[setup]; d.Condition != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("%s may start before there are secrets", name)
		}
		for _, v := range s.Volumes {
			if v.Target == "/data/keys" && !v.ReadOnly {
				t.Errorf("%s could change the keys", name)
			}
		}
		if want := []string{"CMD", name, "--health"}; !slices.Equal(s.HealthCheck.Test, want) {
			t.Errorf("%s: health check %v, want %v", name, s.HealthCheck.Test, want)
		}
	}
}

var secretName = regexp.MustCompile(`PASSWORD|TOKEN|SECRET|KEY`)

// TestComposeSetsWhatThereIs: a misspelt variable would be ignored in silence.
func TestComposeSetsWhatThereIs(t *testing.T) {
	c := platform.Defaults()
	known := map[string]bool{}
	for _, s := range config.Settings(&c) {
		known[s.Env] = true
		known[s.Env+"_FILE"] = true
	}
	for name, s := range loadCompose(t).Services {
		for key := range s.Environment {
			if strings.HasPrefix(key, config.EnvPrefix) && !known[key] {
				t.Errorf("%s: there is no setting %s", name, key)
			}
		}
	}
}

// TestComposeMountsWhatThereIs: a folder that is missing on the host would be made
// by the engine, empty and root's.
func TestComposeMountsWhatThereIs(t *testing.T) {
	p := loadCompose(t)
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts %v", name, err)
			}
		}
	}
}

// TestGrafanaFindsItsFiles: what the provisioning files name must stand where the
// service mounts it.
func TestGrafanaFindsItsFiles(t *testing.T) {
	s := loadCompose(t).Services["grafana"]
	named := regexp.MustCompile(`(?:path: |\$__file\{)(/[^\s}]+)`)
	files, err := filepath.Glob(filepath.Join(repository, "deploy", "grafana", "provisioning", "*", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no provisioning: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			mounted := slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
				return v.Target != "/var/lib/grafana" && (m[1] == v.Target || strings.HasPrefix(m[1], v.Target+"/"))
			})
			if !mounted {
				t.Errorf("%s names %s, which nothing mounts", file, m[1])
			}
		}
		if strings.Contains(string(b), "username:") {
			want := loadCompose(t).Services["clickhouse"].Environment["CLICKHOUSE_USER"]
			if want == nil || !strings.Contains(string(b), "username: "+*want+"\n") {
				t.Errorf("%s logs in as somebody that ClickHouse does not know", file)
			}
		}
	}
	home := s.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if home == nil {
		t.Fatal("no home dashboard")
	}
	if _, err := os.Stat(filepath.Join(repository, "deploy", "grafana", "dashboards", filepath.Base(*home))); err != nil {
		t.Error(err)
	}
}
