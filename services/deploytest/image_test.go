package deploytest

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/moby/patternmatcher"
)

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	code := m.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// instruction is one of a Dockerfile's.
type instruction struct {
	line int
	word string // upper case
	args string // continued lines joined
}

// parseDockerfile reads instructions: comments and empty lines are left out, also
// between continued lines.
func parseDockerfile(t *testing.T, path string) []instruction {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []instruction
	var open string
	start := 0
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if open == "" {
			start = n
		}
		if rest, ok := strings.CutSuffix(line, `\`); ok {
			open += rest + " "
			continue
		}
		word, args, _ := strings.Cut(open+line, " ")
		out = append(out, instruction{start, strings.ToUpper(word), strings.TrimSpace(args)})
		open = ""
	}
	if err := in.Err(); err != nil || open != "" {
		t.Fatalf("%s ends in the middle of an instruction: %v", path, err)
	}
	return out
}

// image is what the Dockerfile makes: its root folder and its settings.
type image struct {
	dir  string // temporary, holds everything
	root string
	env  []string
	user string
	err  error
}

var (
	built image
	once  sync.Once
)

// theImage carries out the Dockerfile, once for all tests.
func theImage(t *testing.T) image {
	t.Helper()
	once.Do(func() {
		list := parseDockerfile(t, filepath.Join(repository, "deploy", "Dockerfile"))
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
		defer cancel()
		if built.dir, built.err = os.MkdirTemp("", "mirador-image-"); built.err == nil {
			built.err = built.carryOut(ctx, list)
		}
	})
	if built.err != nil {
		t.Fatalf("deploy/Dockerfile: %v", built.err)
	}
	return built
}

// carryOut interprets the instructions that our Dockerfile has; any other is an
// error, so that a new one does not go untested.
func (im *image) carryOut(ctx context.Context, list []instruction) error {
	ignored, err := ignoreFile()
	if err != nil {
		return err
	}
	stage := &stage{}
	stages := map[string]string{} // name to root
	for _, in := range list {
		var err error
		switch in.word {
		case "FROM":
			_, name, _ := strings.Cut(in.args, " AS ")
			root := filepath.Join(im.dir, "stage", fmt.Sprint(len(stages)))
			stages[name] = root
			stage.root, stage.dir, stage.env, stage.user = root, root, nil, ""
			err = os.MkdirAll(root, 0o755)
		case "WORKDIR":
			stage.dir = filepath.Join(stage.root, in.args)
			err = os.MkdirAll(stage.dir, 0o755)
		case "ENV", "ARG":
			stage.env = append(stage.env, strings.Fields(in.args)...)
		case "COPY":
			err = stage.copy(in.args, stages, ignored)
		case "RUN":
			err = stage.run(ctx, in.args)
		case "USER":
			stage.user = in.args
		case "CMD":
		default:
			err = fmt.Errorf("no test knows what %s does", in.word)
		}
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", in.line, in.word, err)
		}
	}
	im.root, im.env, im.user = stage.root, stage.env, stage.user
	return nil
}

type stage struct {
	root, dir, user string
	env             []string
}

// absolute is a path of the stage that stands in a shell line.
var absolute = regexp.MustCompile(`(^|[\s=])(/(?:src|out)\b)`)

// run gives the line to sh as the engine does, with /src and /out in the stage's
// folder. Cache mounts are the caches of this machine.
func (s *stage) run(ctx context.Context, line string) error {
	for strings.HasPrefix(line, "--mount=") {
		_, line, _ = strings.Cut(line, " ")
		line = strings.TrimSpace(line)
	}
	line = absolute.ReplaceAllString(line, "${1}"+s.root+"$2")
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	return nil
}

// copy takes from the build context what .dockerignore leaves, or from a stage.
func (s *stage) copy(args string, stages map[string]string, ignored *patternmatcher.PatternMatcher) error {
	from := repository
	words := strings.Fields(args)
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		if name, ok := strings.CutPrefix(words[0], "--from="); ok {
			if from, ignored = stages[name], nil; from == "" {
				return fmt.Errorf("there is no stage %s", name)
			}
		}
		words = words[1:]
	}
	last := len(words) - 1
	to := words[last]
	for _, src := range words[:last] {
		if err := s.copyOne(from, src, to, ignored); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) copyOne(from, src, to string, ignored *patternmatcher.PatternMatcher) error {
	base := s.dir
	if filepath.IsAbs(to) {
		base = s.root
	}
	target := filepath.Join(base, to)
	source := filepath.Join(from, src)
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if !info.IsDir() && strings.HasSuffix(to, "/") {
		target = filepath.Join(target, filepath.Base(src))
	}
	copied := 0
	err = filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if ignored != nil && !d.IsDir() {
			if out, err := ignored.MatchesOrParentMatches(rel); err != nil || out {
				return err
			}
		}
		inside, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		n, err := place(path, filepath.Join(target, inside), d)
		copied += n
		return err
	})
	if err == nil && copied == 0 {
		err = fmt.Errorf("%s: .dockerignore leaves nothing of it", src)
	}
	return err
}

// place copies one entry with its mode; links stay links.
func place(from, to string, d fs.DirEntry) (int, error) {
	info, err := d.Info()
	if err != nil {
		return 0, err
	}
	switch {
	case d.IsDir():
		if err := os.MkdirAll(to, 0o755); err != nil {
			return 0, err
		}
		return 1, os.Chmod(to, info.Mode().Perm())
	case info.Mode()&fs.ModeSymlink != 0:
		link, err := os.Readlink(from)
		if err != nil {
			return 0, err
		}
		return 1, os.Symlink(link, to)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return 0, err
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return 0, err
	}
	return 1, os.WriteFile(to, b, info.Mode().Perm())
}

func ignoreFile() (*patternmatcher.PatternMatcher, error) {
	b, err := os.ReadFile(filepath.Join(repository, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	var patterns []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, line)
		}
	}
	return patternmatcher.New(patterns)
}

// TestImage builds the image as the Dockerfile says and looks into it.
func TestImage(t *testing.T) {
	im := theImage(t)
	if im.user != "65532:65532" {
		t.Errorf("user is %q", im.user)
	}
	var programs int64
	for _, name := range append(platform.Names(), "mirador") {
		path := filepath.Join(im.root, "usr/local/bin", name)
		info, err := os.Lstat(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode().IsRegular() {
			programs += info.Size()
		}
		if _, err := os.Stat(filepath.Join("..", "cmd", name)); err != nil {
			t.Errorf("%s is in the image and no command: %v", name, err)
		}
		out, err := exec.CommandContext(t.Context(), path, "--help").CombinedOutput()
		if err != nil || !strings.Contains(string(out), name) {
			t.Errorf("%s --help: %v\n%s", name, err, out)
		}
	}
	for _, name := range []string{"mirador", "service"} {
		// A program that needs a loader or a C library cannot start there.
		if b, err := os.ReadFile(filepath.Join(im.root, "usr/local/bin", name)); err != nil || strings.Contains(string(b[:4096]), "ld-linux") {
			t.Errorf("%s is not static: %v", name, err)
		}
	}
	for _, dir := range []string{"keys", "spool", "clickhouse", "grafana"} {
		if info, err := os.Stat(filepath.Join(im.root, "data", dir)); err != nil || !info.IsDir() {
			t.Errorf("a volume at /data/%s would be root's: %v", dir, err)
		}
	}
	if !slices.Contains(im.env, "MIRADOR_DATA_DIR=/data") {
		t.Errorf("environment is %v", im.env)
	}
	t.Logf("programs: %d MB", programs>>20)
}
