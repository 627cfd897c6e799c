package platform

import (
	"errors"
	"fmt"
	"os"

	"github.com/miradorhq/mirador/pkg/content"
)

// ContentConfig bounds how far messages are taken apart.
type ContentConfig struct {
	Leaves       int      `yaml:"leaves" doc:"Values taken out of a message; what follows has none."`
	Depth        int      `yaml:"depth" doc:"Nesting of objects, lists and elements that is followed."`
	DecodedBytes int      `yaml:"decoded_bytes" doc:"Bytes of a body after gzip, br, zstd or deflate."`
	Nesting      int      `yaml:"nesting" doc:"Steps into values: JSON in a string in base64 is two."`
	NestedLeaves int      `yaml:"nested_leaves" doc:"Values taken out of values, a message."`
	Tokens       int      `yaml:"graphql_tokens" doc:"Tokens of a GraphQL query that are read."`
	QueryMemory  int      `yaml:"graphql_memory" doc:"Bytes of GraphQL texts a process remembers: clients send the same few, and reading one anew costs more than the rest of the request."`
	Descriptors  []string `yaml:"descriptors" doc:"Files with protobuf FileDescriptorSets (protoc --include_imports --descriptor_set_out): fields of gRPC messages are then known by name."`
}

func contentDefaults() ContentConfig {
	d := content.DefaultLimits
	return ContentConfig{
		Leaves: d.Leaves, Depth: d.Depth, DecodedBytes: d.DecodedBytes, Nesting: d.Nesting, NestedLeaves: d.NestedLeaves, Tokens: d.Tokens,
		QueryMemory: 16 << 20,
	}
}

// Validate reports everything that is wrong.
func (c ContentConfig) Validate() error {
	var errs []error
	for _, l := range []struct {
		name  string
		value int
	}{
		{"leaves", c.Leaves}, {"depth", c.Depth}, {"decoded_bytes", c.DecodedBytes}, {"nesting", c.Nesting},
		{"nested_leaves", c.NestedLeaves}, {"graphql_tokens", c.Tokens}, {"graphql_memory", c.QueryMemory},
	} {
		if l.value < 1 {
			errs = append(errs, fmt.Errorf("content.%s is %d: must be above 0", l.name, l.value))
		}
	}
	return errors.Join(errs...)
}

// Limits reads the descriptor files and gives what the parsers want. What it
// remembers is shared by all that use it: call it once a process.
func (c ContentConfig) Limits() (content.Limits, error) {
	l := content.DefaultLimits
	l.Leaves, l.Depth, l.DecodedBytes = c.Leaves, c.Depth, c.DecodedBytes
	l.Nesting, l.NestedLeaves, l.Tokens = c.Nesting, c.NestedLeaves, c.Tokens
	l.Queries = content.NewQueries(c.QueryMemory)
	if len(c.Descriptors) == 0 {
		return l, nil
	}
	sets := make([][]byte, len(c.Descriptors))
	for i, file := range c.Descriptors {
		b, err := os.ReadFile(file)
		if err != nil {
			return l, fmt.Errorf("content.descriptors: %w", err)
		}
		sets[i] = b
	}
	var err error
	if l.Descriptors, err = content.NewDescriptors(sets...); err != nil {
		return l, fmt.Errorf("content.descriptors %v: %w", c.Descriptors, err)
	}
	return l, nil
}
