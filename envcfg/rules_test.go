package envcfg_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

type panicking struct {
	Key envcfg.Secret `env:"PANIC_KEY"`
}

func (c *panicking) Validate() error { panic("boom " + c.Key.Reveal()) }

type panickingText struct{}

func (*panickingText) UnmarshalText(text []byte) error { panic("boom " + string(text)) }

// Code of others that panics is a problem of its variable, and what it panics with is not shown.
func TestPanicsAreProblems(t *testing.T) {
	t.Parallel()
	_, err := load[panicking]("PANIC_KEY=hunter2")
	require.EqualError(t, err, "envcfg: invalid configuration: the Validate method of envcfg_test.panicking panicked")

	type config struct {
		Text   panickingText            `env:"TEXT,safe"`
		Texts  map[string]panickingText `env:"TEXTS,json"`
		Check  string                   `env:"CHECKED,safe" check:"own"`
		Parsed celsius                  `env:"PARSED"`
	}
	o := envcfg.Options{
		Environ: []string{"TEXT=hunter2", `TEXTS={"a":"hunter2"}`, "CHECKED=x", "PARSED=hunter2"}, Files: []string{},
		Checks:  map[string]func(string) error{"own": func(string) error { panic("hunter2") }},
		Parsers: []envcfg.TypeParser{envcfg.Parser(func(text string) (celsius, error) { panic(text) })},
	}
	_, err = envcfg.Load[config](o)
	for _, want := range []string{"TEXT     process environment: ", "its UnmarshalText method panicked", "TEXTS ", "its check own panicked", "its parser panicked"} {
		require.ErrorContains(t, err, want)
	}
	_, err = load[panickingPointer]("PANIC_KEY=x")
	require.ErrorContains(t, err, "panickingPointer panicked", "it has a method of its own")
}

type panickingPointer struct {
	*ruled

	Key string `env:"PANIC_KEY"`
}

func (c panickingPointer) Validate() error { return errors.New(c.ruled.Key) }

// Promoted has the method of a pointer that is nil.
type Promoted struct {
	*Sizes

	Name string `env:"PROMOTED"`
}

type Sizes struct{ Min, Max int }

func (s Sizes) Validate() error {
	if s.Min > s.Max {
		return errBoth
	}
	return nil
}

func TestMethodsOfNilPointersAreNoRules(t *testing.T) {
	t.Parallel()
	c, err := load[Promoted]("PROMOTED=x")
	require.NoError(t, err)
	require.Equal(t, "x", c.Name)
	require.ErrorIs(t, envcfg.Fill(&Promoted{Sizes: &Sizes{Min: 1}}, envcfg.Options{Environ: []string{}, Files: []string{}}), errBoth)
}

func TestNilPointersAreNotFilled(t *testing.T) {
	t.Parallel()
	var c *inner
	require.ErrorContains(t, envcfg.Fill(c, envcfg.Options{}), "there is no envcfg_test.inner to fill: the pointer is nil")
	report, err := envcfg.Explain(c, envcfg.Options{})
	require.ErrorAs(t, err, new(*envcfg.Error))
	require.NotNil(t, report)
}

// said is a struct whose rule returns what the test wants.
type said struct {
	A    int `env:"SAID_A"`
	Size int `env:"SAID_SIZE"`
	err  error
}

func (s said) Validate() error { return s.err }

type severalError struct{ errs []error }

func (severalError) Error() string     { return "very wrong" }
func (e severalError) Unwrap() []error { return e.errs }

// Only what errors.Join joined is several problems; nothing that a rule says is lost.
func TestSentencesOfRules(t *testing.T) {
	t.Parallel()
	first, second := errors.New("Size: first"), errors.New("A second one")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{errors.Join(first, second), []string{"SAID_SIZE: not set: Size: first", "A second one"}},
		{errors.Join(first, errors.Join(second, first)), []string{"SAID_SIZE: not set: Size: first", "A second one", "SAID_SIZE: not set: Size: first"}},
		{fmt.Errorf("too large: %w, %w", first, second), []string{"too large: Size: first, A second one"}},
		{severalError{}, []string{"very wrong"}},
		{severalError{[]error{nil}}, []string{"very wrong"}},
	} {
		s := said{err: c.err}
		err := envcfg.Fill(&s, envcfg.Options{Environ: []string{}, Files: []string{}})
		e, ok := errors.AsType[*envcfg.Error](err)
		require.True(t, ok, c.want)
		var got []string
		for _, p := range e.Problems {
			got = append(got, p.Error())
		}
		require.Equal(t, c.want, got)
	}
}

// Inner has a rule that needs it to be there.
type Inner struct {
	Size int `env:"INNER_SIZE"`
}

func (i Inner) Validate() error { return fmt.Errorf("Size is %d", i.Size) }

type generic[T any] struct {
	*Inner

	X T `env:"GENERIC_X"`
}

func (*generic[T]) Validate() error { panic("own") }

type deep struct{ *Inner }

func (*deep) Validate() error { return fall(200) }

func fall(n int) error {
	if n == 0 {
		panic("deep")
	}
	return fall(n - 1)
}

// A rule of its own that panics has failed, although an embedded pointer is nil.
func TestOwnRulesThatPanic(t *testing.T) {
	t.Parallel()
	none := envcfg.Options{Environ: []string{}, Files: []string{}}
	require.ErrorContains(t, envcfg.Fill(new(generic[int]), none), "panicked")
	require.ErrorContains(t, envcfg.Fill(new(deep), none), "panicked")
	require.ErrorContains(t, envcfg.Fill(&struct{ Inner }{Inner{3}}, none), "INNER_SIZE: code: Size is 3", "set by code, and found by the field's name")
	require.ErrorContains(t, envcfg.Fill(new(variable), none), "VARIABLE_SIZE: not set: VARIABLE_SIZE: too small")
}

// variable names what is wrong by its variable.
type variable struct {
	Size int `env:"VARIABLE_SIZE"`
}

func (variable) Validate() error { return errors.New("VARIABLE_SIZE: too small") }

// counting counts how often its rule is asked.
type counting struct {
	Size  int `env:"COUNTED_SIZE"`
	Inner nested
	asked *int
}

type nested struct {
	Size int `env:"NESTED_SIZE"`
}

func (n nested) Validate() error {
	if n.Size == 13 {
		return errors.New("Size: bad luck\nand worse")
	}
	return nil
}

func (c counting) Validate() error { *c.asked++; return nil }

// Rules are asked only about structs in which everything is right, those within included.
func TestRulesComeLast(t *testing.T) {
	t.Parallel()
	for pairs, want := range map[string]int{"COUNTED_SIZE=1": 1, "COUNTED_SIZE=x": 0, "NESTED_SIZE=x": 0, "NESTED_SIZE=13": 0} {
		c := counting{asked: new(int)}
		err := envcfg.Fill(&c, envcfg.Options{Environ: []string{pairs}, Files: []string{}})
		require.Equal(t, want == 1, err == nil, pairs)
		require.Equal(t, want, *c.asked, pairs)
		if pairs == "NESTED_SIZE=13" {
			require.EqualError(t, err, "envcfg: invalid configuration: NESTED_SIZE: process environment: Size: bad luck and worse", "one line, of the right struct")
		}
	}
}
