package main

import (
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	in := file(t, "in.jsonl", `{"id":"a","text":"mail ann@example.com"}`+"\n")
	out, err := execute(t, "classify", in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"id":"a","matches":[{"class":"email","start":5,"end":20,"score":0.95,"masked":"a**@example.com"}]}` + "\n"; out != want {
		t.Errorf("got %s, want %s", out, want)
	}
	if out, err = execute(t, "classify", "--classes"); err != nil || !strings.Contains(out, "\nbr.cpf\n") {
		t.Errorf("--classes: %v, %s", err, out)
	}
	if _, err = execute(t, "classify", in+".absent"); err == nil {
		t.Error("no error for a file that is not there")
	}
}
