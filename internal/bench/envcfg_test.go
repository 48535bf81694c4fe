package bench

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/go-viper/mapstructure/v2"
	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/viper"

	"github.com/prodwright/prodwright/envcfg"
)

// fifty is a configuration of a usual mix.
type fifty struct {
	F01 string        `env:"BENCH_FIELD_01"`
	F02 string        `env:"BENCH_FIELD_02"`
	F03 string        `env:"BENCH_FIELD_03"`
	F04 string        `env:"BENCH_FIELD_04"`
	F05 string        `env:"BENCH_FIELD_05"`
	F06 string        `env:"BENCH_FIELD_06"`
	F07 string        `env:"BENCH_FIELD_07"`
	F08 string        `env:"BENCH_FIELD_08"`
	F09 string        `env:"BENCH_FIELD_09"`
	F10 string        `env:"BENCH_FIELD_10"`
	F11 string        `env:"BENCH_FIELD_11"`
	F12 string        `env:"BENCH_FIELD_12"`
	F13 string        `env:"BENCH_FIELD_13"`
	F14 string        `env:"BENCH_FIELD_14"`
	F15 string        `env:"BENCH_FIELD_15"`
	F16 string        `env:"BENCH_FIELD_16"`
	F17 string        `env:"BENCH_FIELD_17"`
	F18 string        `env:"BENCH_FIELD_18"`
	F19 string        `env:"BENCH_FIELD_19"`
	F20 string        `env:"BENCH_FIELD_20"`
	F21 int           `env:"BENCH_FIELD_21"`
	F22 int           `env:"BENCH_FIELD_22"`
	F23 int           `env:"BENCH_FIELD_23"`
	F24 int           `env:"BENCH_FIELD_24"`
	F25 int           `env:"BENCH_FIELD_25"`
	F26 int           `env:"BENCH_FIELD_26"`
	F27 int           `env:"BENCH_FIELD_27"`
	F28 int           `env:"BENCH_FIELD_28"`
	F29 int           `env:"BENCH_FIELD_29"`
	F30 int           `env:"BENCH_FIELD_30"`
	F31 int           `env:"BENCH_FIELD_31"`
	F32 int           `env:"BENCH_FIELD_32"`
	F33 bool          `env:"BENCH_FIELD_33"`
	F34 bool          `env:"BENCH_FIELD_34"`
	F35 bool          `env:"BENCH_FIELD_35"`
	F36 bool          `env:"BENCH_FIELD_36"`
	F37 bool          `env:"BENCH_FIELD_37"`
	F38 bool          `env:"BENCH_FIELD_38"`
	F39 time.Duration `env:"BENCH_FIELD_39"`
	F40 time.Duration `env:"BENCH_FIELD_40"`
	F41 time.Duration `env:"BENCH_FIELD_41"`
	F42 time.Duration `env:"BENCH_FIELD_42"`
	F43 time.Duration `env:"BENCH_FIELD_43"`
	F44 time.Duration `env:"BENCH_FIELD_44"`
	F45 float64       `env:"BENCH_FIELD_45"`
	F46 float64       `env:"BENCH_FIELD_46"`
	F47 float64       `env:"BENCH_FIELD_47"`
	F48 []string      `env:"BENCH_FIELD_48"`
	F49 []string      `env:"BENCH_FIELD_49"`
	F50 []string      `env:"BENCH_FIELD_50"`
}

// setFifty sets all variables of fifty.
func setFifty(b *testing.B) {
	b.Helper()
	t := reflect.TypeFor[fifty]()
	for f := range t.Fields() {
		value := "some-value"
		switch f.Type {
		case reflect.TypeFor[int]():
			value = "4711"
		case reflect.TypeFor[bool]():
			value = "true"
		case reflect.TypeFor[time.Duration]():
			value = "30s"
		case reflect.TypeFor[float64]():
			value = "0.75"
		case reflect.TypeFor[[]string]():
			value = "a,b,c"
		}
		b.Setenv(f.Tag.Get("env"), value)
	}
}

// BenchmarkEnvcfgLoad fills a struct of 50 fields from the process environment. The peers do no more than that, so no
// .env files are looked for either; what envcfg does besides (origins, misspelt names, profiles) it does here too.
func BenchmarkEnvcfgLoad(b *testing.B) {
	setFifty(b)
	check := func(c fifty, err error) {
		if err != nil || c.F01 != "some-value" || c.F21 != 4711 || !c.F33 || c.F39 != 30*time.Second || c.F45 != 0.75 || len(c.F50) != 3 {
			b.Fatal(fmt.Sprint(err), c)
		}
	}
	none := []string{}
	ours := func() (fifty, error) { return envcfg.Load[fifty](envcfg.Options{Files: none}) }
	caarlos := func() (c fifty, err error) { c, err = env.ParseAs[fifty](); return c, err }
	sethvargo := func() (c fifty, err error) { err = envconfig.Process(context.Background(), &c); return c, err }
	spf13 := func() (c fifty, err error) {
		v := viper.New()
		t := reflect.TypeFor[fifty]()
		for f := range t.Fields() {
			if err := v.BindEnv(f.Tag.Get("env")); err != nil {
				return c, err
			}
		}
		err = v.Unmarshal(&c, func(c *mapstructure.DecoderConfig) { c.TagName = "env" })
		return c, err
	}
	run := func(load func() (fifty, error)) func(int) {
		check(load())
		return func(n int) {
			for range n {
				if _, err := load(); err != nil {
					panic(err)
				}
			}
		}
	}
	compare(b, 200,
		variant{name: "go-envconfig", run: run(sethvargo)},
		variant{name: "envcfg", run: run(ours), max: 1},
		variant{name: "caarlos0-env", run: run(caarlos)},
		variant{name: "viper", run: run(spf13)},
	)
}
