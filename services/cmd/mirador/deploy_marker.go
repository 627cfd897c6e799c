package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
	"github.com/spf13/cobra"
)

// releaseMarker is what the console's endpoint takes.
type releaseMarker struct {
	ID      string     `json:"id,omitempty"`
	Service string     `json:"service"`
	Version string     `json:"version,omitempty"`
	At      *time.Time `json:"ts,omitempty"`
	Person  string     `json:"person,omitempty"`
	Note    string     `json:"note,omitempty"`
}

func deployMarkerCommand() *cobra.Command {
	var m releaseMarker
	var console, tokenFile, at string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "deploy-marker --service NAME",
		Short: "Tell Mirador of a release",
		Long: `Tells the console of a release, which puts it on mirador.deploys: what is new at the service
alerts nobody for behavior.release.grace after it. The same id, or without one the same service,
version and day, is the same release.

It is one request, which a pipeline may send itself:
  curl -fsS -H "Authorization: Bearer $TOKEN" -d '{"service":"accounts","version":"1.4.2"}' \
    https://mirador.example/api/v1/releases`,
		Example: "  mirador deploy-marker --service accounts --version 1.4.2 --console https://mirador.example --token-file console.token",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&m.Service, "service", "", "what was released: the name that sensors give the service, or the host that it answers on")
	c.Flags().StringVar(&m.Version, "version", "", "its version")
	c.Flags().StringVar(&m.ID, "id", "", "tells releases apart; empty: made of service, version and day")
	c.Flags().StringVar(&m.Person, "person", "", "who says so; empty: pipeline")
	c.Flags().StringVar(&m.Note, "note", "", "why")
	c.Flags().StringVar(&at, "at", "", "when it went live, as 2026-03-02T12:00:00Z; empty: now")
	c.Flags().StringVar(&console, "console", "http://127.0.0.1:8095", "address of the console")
	c.Flags().StringVar(&tokenFile, "token-file", "", "file whose first line is the console's token; empty: the environment's MIRADOR_CONSOLE_TOKEN")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "longest wait for an answer")
	_ = c.MarkFlagRequired("service") // the flag is there
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if at != "" {
			t, err := time.Parse(time.RFC3339, at)
			if err != nil {
				return fmt.Errorf("--at: %w", err)
			}
			m.At = &t
		}
		token, err := markerToken(tokenFile)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		id, err := sendMarker(ctx, console, token, &m)
		if err == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "released: %s %s, id %s\n", m.Service, m.Version, id)
		}
		return err
	}
	return c
}

func markerToken(file string) (string, error) {
	text := os.Getenv("MIRADOR_CONSOLE_TOKEN")
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		text = string(b)
	}
	line, _, _ := strings.Cut(text, "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", errors.New("there is no token: name a file with --token-file, or set MIRADOR_CONSOLE_TOKEN")
	}
	return line, nil
}

// sendMarker gives the id that the release got.
func sendMarker(ctx context.Context, console, token string, m *releaseMarker) (string, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(console, "/")+"/api/v1/releases", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("--console: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", fmt.Errorf("the console does not answer (--console): %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("%s: %w", console, err)
	}
	var said struct{ ID, Error string }
	if err := json.Unmarshal(answer, &said); err != nil || res.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("%s answered %s %s", console, res.Status, said.Error)
	}
	return said.ID, nil
}
