package launch

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// counting returns plans that count what they compile.
func counting(t testing.TB) (plans *Plans, compiled *int) {
	t.Helper()
	registry, err := action.NewRegistry(nil)
	if err != nil {
		t.Fatal(err)
	}
	plans, compiled = NewPlans(registry), new(int)
	plans.compile = func(tree *playbook.Playbook, o plan.Options) (*plan.Plan, diag.List) {
		*compiled++
		return plan.Compile(tree, o)
	}
	return plans, compiled
}

// shelf is a catalogue of playbooks that only call others: each is given as the
// names of those.
func shelf(calls map[string][]string) *Catalogue {
	tree := fstest.MapFS{}
	for name, called := range calls {
		text := "playbook: " + name + "\nsteps:\n"
		for _, c := range called {
			text += "  - {call: " + c + "}\n"
		}
		if len(called) == 0 {
			text += "  - {manual: {text: Look.}}\n"
		}
		tree["all/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return NewCatalogue(nil, tree, "")
}

func compile(t testing.TB, plans *Plans, in *Catalogue, name string) *Compiled {
	t.Helper()
	found, err := in.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return plans.Compile(found.Source, in, nil)
}

// TestCalleesAreCompiledOnce holds that the work grows with the playbooks, not
// with the ways on which they call each other.
func TestCalleesAreCompiledOnce(t *testing.T) {
	deep := map[string][]string{"p16": nil}
	for i := range 16 {
		next := fmt.Sprintf("p%d", i+1)
		deep[fmt.Sprintf("p%d", i)] = []string{next, next}
	}
	deep["other"] = []string{"p3"}
	plans, compiled := counting(t)
	in := shelf(deep)
	first := compile(t, plans, in, "p0")
	if first.Plan == nil || *compiled != 17 {
		t.Errorf("%d compilations of 17 playbooks; %v", *compiled, first.List)
	}
	if got := len(first.Plan.Whole()); got != 17 {
		t.Errorf("the plan is made of %d plans", got)
	}
	c := counter{env: &environment.Environment{}, known: map[counted]event.Effects{}}
	if got := c.plan(counted{Plan: first.Plan}, nil); len(c.known) != 17 || got.Writes != 0 {
		t.Errorf("the effects of %d plans were counted: %+v", len(c.known), got)
	}
	other := compile(t, plans, in, "other")
	if *compiled != 18 || other.Plan.All()[0].Call.Plan != compile(t, plans, in, "p3").Plan {
		t.Errorf("%d compilations; two chains do not share what both call", *compiled)
	}

	wide := map[string][]string{}
	for i := range 1000 {
		var calls []string
		for j := i + 1; j <= i+5 && j < 1000; j++ {
			calls = append(calls, fmt.Sprintf("w%d", j))
		}
		wide[fmt.Sprintf("w%d", i)] = calls
	}
	plans, compiled = counting(t)
	in = shelf(wide)
	for _, e := range in.Entries() {
		if c := compile(t, plans, in, e.Name); c.Plan == nil {
			t.Fatalf("%s: %v", e.Name, c.List)
		}
	}
	if *compiled != 1000 {
		t.Errorf("%d compilations of 1,000 playbooks", *compiled)
	}
}

// TestPlansFollowTheContent holds that what changed is compiled anew, and who
// calls it; the rest is not.
func TestPlansFollowTheContent(t *testing.T) {
	plans, compiled := counting(t)
	calls := map[string][]string{"top": {"left", "right"}, "left": {"leaf"}, "right": nil, "leaf": nil}
	was := compile(t, plans, shelf(calls), "top")
	if *compiled != 4 {
		t.Fatalf("%d compilations", *compiled)
	}
	if now := compile(t, plans, shelf(calls), "top"); now != was || *compiled != 4 {
		t.Errorf("the same files again: %d compilations", *compiled)
	}
	calls["new"], calls["leaf"] = nil, []string{"new"}
	if now := compile(t, plans, shelf(calls), "top"); now == was || *compiled != 8 {
		t.Errorf("leaf calls another: %d compilations, want new, leaf, left and top more", *compiled)
	}
	calls["leaf"] = []string{"top"}
	if now := compile(t, plans, shelf(calls), "top"); now.Plan != nil {
		t.Error("a circle was not seen, as each of its playbooks was compiled before")
	}
	delete(calls, "leaf")
	if now := compile(t, plans, shelf(calls), "top"); now.Plan != nil {
		t.Error("leaf is gone, and top has a plan")
	}
	calls["leaf"] = nil
	if now := compile(t, plans, shelf(calls), "top"); now.Plan == nil {
		t.Errorf("leaf is back: %v", now.List)
	}
	in, before := shelf(calls), *compiled
	found, _ := in.Find("leaf")
	for _, vars := range []*schema.Type{
		schema.ObjectOf(schema.Field{Name: "a", Type: schema.IntType}), schema.ObjectOf(schema.Field{Name: "a", Type: schema.StringType}),
		schema.ObjectOf(schema.Field{Name: "a", Type: schema.IntType}),
	} {
		plans.Compile(found.Source, in, &environment.Environment{VarTypes: vars})
	}
	if *compiled != before+2 {
		t.Errorf("%d compilations against variables of two types", *compiled-before)
	}
}

func TestCirclesAreNamedFromWhereTheyAreSeen(t *testing.T) {
	plans, compiled := counting(t)
	calls := map[string][]string{"a": {"b"}, "b": {"c", "c"}, "c": {"d", "d"}, "d": {"b", "a"}, "self": {"self"}}
	in := shelf(calls)
	for name, want := range map[string]string{
		"a": "playbooks call each other: a → b → c → d → b", "b": "playbooks call each other: b → c → d → b", "self": "playbooks call each other: self → self",
	} {
		c := compile(t, plans, in, name)
		if c.Plan != nil || len(c.List) == 0 || !strings.HasPrefix(errorsOf(c.List), want) {
			t.Errorf("%s: %s, want %s", name, errorsOf(c.List), want)
		}
	}
	if *compiled > 9 { // each once for each that was asked for
		t.Errorf("%d compilations", *compiled)
	}
}

func errorsOf(list diag.List) string {
	var all []string
	for _, d := range list {
		if d.Severity == diag.Error {
			all = append(all, d.Message)
		}
	}
	return strings.Join(all, "\n")
}

func TestATreeIsNotRemembered(t *testing.T) {
	plans, compiled := counting(t)
	in := shelf(map[string][]string{"top": {"leaf"}, "leaf": nil})
	source := &yaml.Source{Name: "all/top.yaml", Text: []byte("playbook: top\nsteps: [{call: leaf}, {manual: {text: Look.}}]\n")}
	for range 2 {
		tree, _ := playbook.Parse(source)
		if p, list := plans.Tree(tree, in); p == nil {
			t.Fatal(list)
		}
	}
	if *compiled != 3 || compile(t, plans, in, "top").Plan.All()[0].Call == nil || len(compile(t, plans, in, "top").Plan.All()) != 1 {
		t.Errorf("%d compilations of two trees and what they call", *compiled)
	}
}
