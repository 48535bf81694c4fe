package pool_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/pool"
)

func TestValidateReportsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	err := pool.Config{
		Port: 70000, SSLMode: "requir", Size: -1, MaxOverflow: -2, MinConns: 5, AcquireTimeout: -2, PingTimeout: -1,
		StatementTimeout: time.Microsecond, LeakSampleEvery: -1, Pooler: "maybe", SSLCert: "c", User: "a\x00b",
	}.Validate()
	var ce *pool.ConfigError
	require.ErrorAs(t, err, &ce)
	var fields []string
	for _, p := range ce.Problems {
		var fe *pool.FieldError
		require.ErrorAs(t, p, &fe)
		require.NotEmpty(t, fe.Rule)
		fields = append(fields, fe.Field)
	}
	require.ElementsMatch(t, []string{
		"Port", "User", "SSLMode", "SSLCert", "SSLCert and SSLKey", "Size", "MaxOverflow", "MinConns", "LeakSampleEvery",
		"AcquireTimeout", "PingTimeout", "StatementTimeout", "Pooler",
	}, fields)
	var fe *pool.FieldError
	require.ErrorAs(t, err, &fe)
}

func TestValidateTLSFiles(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, pool.Config{SSLMode: "verify-full"}.Validate(), "SSLRootCert")
	err := pool.Config{SSLMode: "verify-full", SSLRootCert: filepath.Join(t.TempDir(), "absent.pem")}.Validate()
	require.ErrorContains(t, err, "absent.pem")
	broken := filepath.Join(t.TempDir(), "broken.pem")
	require.NoError(t, os.WriteFile(broken, []byte("not a certificate"), 0o600))
	require.Error(t, pool.Config{SSLMode: "verify-full", SSLRootCert: broken}.Validate())
}

// What has a field here is not dropped silently from a URL.
func TestPoolParametersAreRefused(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]string{
		"pool_max_conns": "Size and MaxOverflow", "pool_min_conns": "MinConns", "pool_min_idle_conns": "Configure",
		"pool_max_conn_lifetime": "Recycle", "pool_max_conn_lifetime_jitter": "Recycle", "pool_max_conn_idle_time": "IdleTimeout",
		"pool_health_check_period": "Configure", "pool_ping_timeout": "PingTimeout",
	} {
		err := pool.Config{URL: pool.NewSecret("postgres://h/d?" + name + "=1")}.Validate()
		require.EqualError(t, err, "pool: invalid configuration: URL: must not set "+name+": use "+field)
	}
}

func TestConnectTimeoutOfTheURL(t *testing.T) {
	for _, tc := range []struct {
		url, environment string
		field, want      time.Duration
	}{
		{"&connect_timeout=2", "3", 4 * time.Second, 2 * time.Second},
		{"&connect_timeout=0", "3", 4 * time.Second, 4 * time.Second},
		{"", "3", 4 * time.Second, 4 * time.Second},
		{"", "3", 0, 3 * time.Second},
		{"", "", 0, pool.DefaultConnectTimeout},
	} {
		t.Setenv("PGCONNECT_TIMEOUT", tc.environment)
		cfg := pool.Config{URL: pool.NewSecret("postgres://h/d?a=b" + tc.url), ConnectTimeout: tc.field}
		require.Equal(t, tc.want, configured(t, cfg).ConnConfig.ConnectTimeout, "%+v", tc)
	}
}

func TestZeroConfigIsValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, pool.Config{}.Validate())
	require.Equal(t, 50, pool.Config{}.MaxConns())
	require.Equal(t, 5, pool.Config{Size: 5, MaxOverflow: -1}.MaxConns())
	require.NoError(t, pool.Config{Size: 1}.Validate())
	require.NoError(t, pool.ReferenceConfig().Validate())
	require.Equal(t, "SQLModel_App", pool.ReferenceConfig().AppName)
}

// The environment names and defaults are a contract with whoever deploys a service (S1.1.01 to S1.1.13).
func TestEnvironmentTags(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"DB_HOST": "localhost", "DB_PORT": "5432", "DB_NAME": "production_db", "DB_USER": "app_user", "DB_PASSWORD": "",
		"DB_SSL_MODE": "require", "DB_POOL_SIZE": "20", "DB_MAX_OVERFLOW": "30", "DB_POOL_TIMEOUT": "30s",
		"DB_POOL_RECYCLE": "1h", "DB_CONNECT_TIMEOUT": "10s", "DB_STATEMENT_TIMEOUT": "60s", "DB_LOCK_TIMEOUT": "30s",
		"DB_IDLE_IN_TX_TIMEOUT": "300s", "APP_NAME": "", "DB_TIMEZONE": "UTC", "DATABASE_URL": "",
	}
	got := map[string]string{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[pool.Config]()) {
		tag, ok := f.Tag.Lookup("env")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		require.NotEmpty(t, f.Tag.Get("doc"), name)
		if _, wanted := want[name]; wanted {
			got[name] = f.Tag.Get("default")
		}
		if f.Type == reflect.TypeFor[time.Duration]() && f.Tag.Get("default") != "" {
			_, err := time.ParseDuration(f.Tag.Get("default"))
			require.NoError(t, err, f.Name)
		}
	}
	require.Equal(t, want, got)
}
