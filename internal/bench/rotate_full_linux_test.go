package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// fullDisk is the directory of a disk in memory. It needs the rights of root.
func fullDisk(t *testing.T, kib int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk,mode=0700", kib))
	if err != nil && os.Geteuid() != 0 {
		t.Skipf("only root may mount a disk: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fillAndFree writes lines to a disk until it is full, tries 100 more, frees it and writes on. It returns how many lines were
// acknowledged and how many of these cannot be read afterwards.
func fillAndFree(t *testing.T, open func(path string) (io.WriteCloser, error), kib int, seed uint64) shared {
	t.Helper()
	dir := fullDisk(t, kib)
	path := filepath.Join(dir, "application.log")
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, kib<<9), 0o600)) // half of the disk
	w, err := open(path)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(seed, uint64(kib)))
	acknowledged := map[lineNumber]bool{}
	n := 0
	write := func() error {
		n++
		_, err := w.Write(numbered(0, n, random.IntN(400)))
		if err == nil {
			acknowledged[lineNumber{0, n}] = true
		}
		return err
	}
	for refused := 0; refused < 100; { // others compress meanwhile, so that the disk may be full more than once
		if write() != nil {
			refused++
		}
		require.Less(t, n, 1_000_000, "the disk never gets full")
	}
	require.NoError(t, os.Remove(ballast))
	for range 1000 {
		_ = write()
	}
	require.NoError(t, w.Close())
	require.NoError(t, still(dir))
	found := readLog(t, path)
	out := shared{acknowledged: len(acknowledged), corrupt: found.corrupt}
	for id := range acknowledged {
		if found.times[id] == 0 {
			out.lost++
		}
		if found.times[id] > 1 {
			out.twice++
		}
	}
	return out
}

func fullDiskRuns(t *testing.T, runs int) {
	t.Helper()
	for _, w := range logWriters() {
		t.Run(w.name, func(t *testing.T) {
			lossy := 0
			var all shared
			for run := range runs {
				s := fillAndFree(t, w.open, 2500+100*(run%3), uint64(run))
				if s.lost > 0 {
					lossy++
				}
				all = shared{all.acknowledged + s.acknowledged, all.lost + s.lost, all.corrupt + s.corrupt, all.twice + s.twice}
				if w.name == "rotate" {
					require.Equal(t, shared{acknowledged: s.acknowledged, corrupt: s.corrupt}, s)
				}
			}
			t.Logf("lost acknowledged lines in %d of %d runs: %d of %d, %d corrupt, %d twice", lossy, runs, all.lost, all.acknowledged, all.corrupt, all.twice)
		})
	}
}

// TestRotatePeersDiskFull is the short form of the campaign.
func TestRotatePeersDiskFull(t *testing.T) { fullDiskRuns(t, 1) }

// TestCampaignRotatePeersDiskFull fills disks of 2.5 to 2.7 MB and frees them: of ours, no acknowledged line is lost.
func TestCampaignRotatePeersDiskFull(t *testing.T) {
	campaign(t)
	fullDiskRuns(t, campaignRuns)
}
