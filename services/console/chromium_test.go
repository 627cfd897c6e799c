//go:build chromium

package console

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// screenshotsEnv names a folder: then pictures of every page are put there.
const screenshotsEnv = "MIRADOR_SCREENSHOTS"

// chrome is a headless Chromium with a fresh profile. Whatever its console says is
// kept: a test fails on errors.
type chrome struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu     sync.Mutex
	errors []string
}

func newChrome(t *testing.T, base string) *chrome {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("Chromium is not installed: apt-get install chromium. This test does not pass without it.")
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR=" + t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", false), chromedp.WSURLReadTimeout(time.Minute),
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 4*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	c := &chrome{t: t, ctx: ctx, base: base}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits for the browser to end
			t.Errorf("end Chromium: %v", err)
		}
		cancel()
	})
	must(t, chromedp.Listen(ctx, func(ev any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			c.errors = append(c.errors, "exception: "+ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
				for _, a := range ev.Args {
					c.errors = append(c.errors, "console: "+string(a.Value)+a.Description)
				}
			}
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
				c.errors = append(c.errors, fmt.Sprintf("log: %s %s", ev.Entry.Text, ev.Entry.URL))
			}
		}
	}))
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(t, err)
	return c
}

// within bounds the steps: a selector that never comes must not hang the test.
func (c *chrome) within(d time.Duration, what string, steps ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, d)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		body, _ := chromedp.Run(c.ctx, chromedp.Text(chromedp.CSS("body")))
		c.t.Fatalf("%s: %v; the page says:\n%s", what, err, body)
	}
}

const patience = 20 * time.Second

func (c *chrome) open(path string) {
	c.t.Helper()
	c.within(patience, "open "+path, chromedp.Navigate(c.base+path), chromedp.WaitReady(chromedp.CSS("main")))
}

func (c *chrome) click(selector string) {
	c.t.Helper()
	c.within(patience, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

func (c *chrome) typeIn(selector, text string) {
	c.t.Helper()
	c.within(patience, "type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (c *chrome) visible(selector string) {
	c.t.Helper()
	c.within(patience, selector+" is not visible", chromedp.WaitVisible(chromedp.CSS(selector)))
}

// run is JavaScript for its effect.
func (c *chrome) run(js string) {
	c.t.Helper()
	eval[bool](c, "(() => { "+js+"; return true })()")
}

// eval is the value of a JavaScript expression.
func eval[T any](c *chrome, js string) T {
	c.t.Helper()
	v, err := chromedp.Run(c.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		c.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// until waits for an expression to be true, also across a load of another page.
func (c *chrome) until(js string) {
	c.t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var ok bool
		if ok, err = chromedp.Run(c.ctx, chromedp.Evaluate[bool](js)); err == nil && ok {
			return
		}
	}
	c.t.Fatalf("%s: not within %s (%v); the page says:\n%s", js, patience, err, c.text("body"))
}

func (c *chrome) text(selector string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		c.t.Fatalf("text of %s: %v", selector, err)
	}
	return s
}

func (c *chrome) viewport(width, height int64, mobile bool) {
	c.t.Helper()
	c.within(patience, "viewport", chromedp.EmulateViewport(width, height, func(p *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
		p.Mobile = mobile
	}))
}

// dark makes the system's theme dark or light.
func (c *chrome) dark(on bool) {
	c.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	_, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}})
	must(c.t, err)
}

// step is a part of a test; what follows makes no sense without it.
func (c *chrome) step(name string, f func(t *testing.T)) {
	c.t.Helper()
	outer := c.t
	defer func() { c.t = outer }()
	if !outer.Run(name, func(t *testing.T) { c.t = t; f(t) }) {
		c.t = outer
		outer.FailNow()
	}
}

// enter logs in as ann, unless that was done.
func (c *chrome) enter() {
	c.t.Helper()
	c.open("/login#token=" + url.PathEscape(testToken))
	if eval[string](c, "location.pathname") != "/login" {
		return
	}
	c.typeIn("#person", "ann")
	c.click("button.primary")
	c.until(`location.pathname !== "/login"`)
}

// clean fails on what the console of the browser said since the last call.
func (c *chrome) clean(where string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errors) > 0 {
		c.t.Errorf("%s: the browser's console says:\n%s", where, strings.Join(c.errors, "\n"))
	}
	c.errors = nil
}

// window saves what is seen without scrolling.
func (c *chrome) window(name string) {
	c.t.Helper()
	if dir := os.Getenv(screenshotsEnv); dir != "" {
		png, err := chromedp.Run(c.ctx, chromedp.CaptureScreenshot())
		must(c.t, err)
		must(c.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
	}
}

// picture saves the whole page if a folder for pictures is named.
func (c *chrome) picture(name string) {
	c.t.Helper()
	dir := os.Getenv(screenshotsEnv)
	if dir == "" {
		return
	}
	time.Sleep(200 * time.Millisecond) // fonts and charts settle
	png, err := chromedp.Run(c.ctx, chromedp.FullScreenshot(100))
	must(c.t, err)
	must(c.t, os.MkdirAll(dir, 0o755))
	must(c.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
