package cluster_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// edit replaces a text that is in a file exactly once.
type edit struct{ file, old, new string }

// The campaign notices when what makes it pass is taken out of the code: each mutant fails with what it must fail with.
func TestCampaignMutants(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN to run it")
	}
	for _, mutant := range []struct {
		name, scenario, mode, says string // regular expressions, but for the name
		edits                      []edit
	}{
		{"fencing removed", "^SIGSTOP$", "managed", `[1-9]\d* acknowledged and missing|by an old primary after`, []edit{
			{"cluster/failover/plan.go", `setting{"primary_conninfo", i.was + revoked}`, `setting{"primary_conninfo", i.was}`},
			{"cluster/failover/plan.go", `"taken away", "select not exists (select from pg_stat_wal_receiver)"`, `"taken away", "select true"`},
		}},
		{"timeline check removed", "^stale primary returns$", "managed", `acknowledged and missing|by an old primary after`, []edit{
			{"cluster/decide.go", `v.isPrimary() && v.status.Timeline == d.timeline && (`, `v.isPrimary() && (`},
			{"cluster/decide.go", "case len(candidates) > 1:\n\t\td.split = true", "case len(candidates) > 1:\n\t\tchosen = candidates[0]"},
		}},
		{"compare-and-swap removed", "^two managers$", "managed", `epoch \d+ is that of|acknowledged and missing|more than one was promoted`, []edit{
			{"cluster/failover/register.go", `if version != now {`, `if version != now && now == "" {`},
		}},
		{"unknown outcomes are sent again", "^kill -9$", "managed", `failed and present`, []edit{
			{"cluster/write.go", `return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)`, `return againError{error: err}`},
		}},
		{"tokens ignored", "^slow replica$", "", `stale in a session`, []edit{
			{"cluster/read.go", `return token, token.Timeline > t.timeline || token.LSN > r.replayed`, `return token, false`},
		}},
	} {
		t.Run(mutant.name, func(t *testing.T) {
			root := t.TempDir()
			copyTree(t, "..", root)
			for _, e := range mutant.edits {
				name := filepath.Join(root, filepath.FromSlash(e.file))
				text, err := os.ReadFile(name)
				require.NoError(t, err)
				require.Equal(t, 1, strings.Count(string(text), e.old), "%s has another text than %q now", e.file, e.old)
				require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(text), e.old, e.new, 1)), 0o600))
			}
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=20m", "-failfast", "-v", "-run=^TestCampaign$", "./cluster/")
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "PRODWRIGHT_SCENARIO="+mutant.scenario, "PRODWRIGHT_ROUNDS=60", "PRODWRIGHT_MODE="+mutant.mode)
			out, err := cmd.CombinedOutput()
			text := string(out)
			require.Error(t, err, "nothing notices:\n%s", text[max(0, len(text)-2000):])
			found := regexp.MustCompile(`(?m)^.*(` + mutant.says + `).*$`).FindString(text)
			require.NotEmpty(t, found, "it fails otherwise:\n%s", text[max(0, len(text)-5000):])
			t.Logf("caught: %s", strings.TrimSpace(found))
		})
	}
}

// copyTree copies the sources of the module.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case rel != "." && (strings.HasPrefix(name, ".") || name == "bin"):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	}))
}
