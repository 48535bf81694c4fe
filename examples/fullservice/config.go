package main

import (
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/admin"
	"github.com/prodwright/prodwright/metrics/lifecycle"
	"github.com/prodwright/prodwright/metrics/pgxmon"
	"github.com/prodwright/prodwright/metrics/sysmon"
	"github.com/prodwright/prodwright/pool"
)

// config is what the environment says. The packages' own settings are read by their tags.
type config struct {
	Environment string        `env:"ENVIRONMENT,safe" doc:"development, testing, staging or production"`
	Database    pool.Config   // without DATABASE_URL, a primary and a standby are started
	Standby     pool.Secret   `env:"STANDBY_URL" check:"postgres" doc:"a standby to read from"`
	Redis       envcfg.Secret `env:"REDIS_URL" check:"url=redis|rediss|unix" doc:"a Redis to watch"`
	Addr        string        `env:"ADDR,safe" default:"127.0.0.1:8080" check:"hostport" doc:"where users are served"`
	AdminAddr   string        `env:"ADMIN_ADDR,safe" default:"127.0.0.1:8081" check:"hostport" doc:"where probes are answered, and operators look"`
	AdminToken  envcfg.Secret `env:"ADMIN_TOKEN" doc:"opens dumps and changes of the admin surface; openssl rand -hex 32 makes one"`
	Admin       admin.Config
	Lifecycle   lifecycle.Config
	Metrics     metrics.Config
	Queries     pgxmon.Config
	Pools       pgxmon.PoolConfig
	System      sysmon.Config
}

// load reads the configuration and tells where each setting comes from.
func load() (settings, *envcfg.Report, error) {
	s := settings{level: new(slog.LevelVar)}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: s.level})))
	s.Database.AppName, s.Database.LeakThreshold = "fullservice", 30*time.Second // unless the environment knows better
	report, err := envcfg.Explain(&s.config, envcfg.Options{})
	s.report = report
	return s, report, err
}

// settings are the configuration and what -smoke does otherwise.
type settings struct {
	config

	report     *envcfg.Report
	level      *slog.LevelVar
	api, admin net.Listener // instead of the addresses
}
