package contract

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/schemas"
)

// TestCompareSeesDifferences: a comparison that finds nothing would pass for ever.
func TestCompareSeesDifferences(t *testing.T) {
	type status struct {
		Tenant   int    `json:"tenant"` // a string in the schema
		ActionID string `json:"action_id"`
		Extra    string `json:"extra"`
	}
	err := Compare[status]("status", "json")
	if err == nil {
		t.Fatal("no difference found")
	}
	for _, want := range []string{"status.tenant: the schema's type", "has no extra", "has enforcer, no field does"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported:\n%v", want, err)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := Validate("status", []byte(`{"tenant":"a"}`)); err == nil || !strings.Contains(err.Error(), "action_id") {
		t.Errorf("a record that lacks nearly all: error %v", err)
	}
	if err := Validate("nothing", []byte(`{}`)); err == nil {
		t.Error("a schema that is not there: no error")
	}
	if err := Validate("status", []byte(`{`)); err == nil {
		t.Error("no JSON: no error")
	}
}

// TestEverySchemaIsOwned: each file is compared with a type by the package that
// owns the record; a new one must be added there, and here.
func TestEverySchemaIsOwned(t *testing.T) {
	got, err := fs.Glob(schemas.JSON, "*")
	if err != nil {
		t.Fatal(err)
	}
	want := "action.schema.json deploy.schema.json endpoint.schema.json event.schema.json field.schema.json finding.schema.json flow.schema.json principal.schema.json status.schema.json verdict.schema.json"
	if strings.Join(got, " ") != want {
		t.Errorf("schemas are %v, want %s", got, want)
	}
	for _, f := range got {
		if _, err := load(strings.TrimSuffix(f, ".schema.json")); err != nil {
			t.Error(err)
		}
	}
}
