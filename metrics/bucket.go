package metrics

import "math"

// The buckets of every histogram are those of Prometheus' native histograms with schema 4: 16 between a power of two and
// the next, each including its upper bound, so a value is known within 2^(1/32), which is 2.2 %. They reach from 2^-30
// (a nanosecond, in seconds) to 2^43 (eight terabytes, in bytes). What is lower counts as zero, what is higher as the
// highest bucket. https://prometheus.io/docs/specs/native_histograms/
const (
	bucketsPerOctave = 16
	lowestExponent   = -30
	highestExponent  = 43
	octaves          = highestExponent - lowestExponent
	buckets          = octaves * bucketsPerOctave
	mantissaBits     = 52
	mantissaMask     = 1<<mantissaBits - 1
	exponentBias     = 1023
)

// mantissas are the mantissas of 2^(i/16), rounded as float64 are.
var mantissas = [bucketsPerOctave + 1]uint64{
	0x0, 0xb5586cf9890f, 0x172b83c7d517b, 0x2387a6e756238, 0x306fe0a31b715, 0x3dea64c123422, 0x4bfdad5362a27, 0x5ab07dd485429,
	0x6a09e667f3bcd, 0x7a11473eb0187, 0x8ace5422aa0db, 0x9c49182a3f090, 0xae89f995ad3ad, 0xc199bdd85529c, 0xd5818dcfba487,
	0xea4afa2a490da, 1 << mantissaBits,
}

// guesses has, for the first six bits of a mantissa, the bucket that its lowest value is in. The buckets are wider than a
// sixty-fourth, so the right one is that or the next.
var guesses = [64]uint8{
	0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9,
	9, 9, 9, 10, 10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 14, 14, 14, 14, 14, 15, 15, 15, 15, 15,
}

// bucketOf returns the octave and the bucket in it. ok is false for what is no positive number or lies outside.
func bucketOf(v float64) (octave, bucket int, ok bool) {
	x := math.Float64bits(v) - 1 // an upper bound belongs to its bucket
	octave = int(x>>mantissaBits) - exponentBias - lowestExponent
	m := x & mantissaMask
	bucket = int(guesses[m>>(mantissaBits-6)])
	if m >= mantissas[bucket+1] {
		bucket++
	}
	return octave, bucket & (bucketsPerOctave - 1), uint(octave) < octaves
}

// upperBound returns the upper bound of a bucket; the lower one is that of the bucket before.
func upperBound(bucket int) float64 {
	exponent, sub := bucket/bucketsPerOctave, bucket%bucketsPerOctave+1
	if sub == bucketsPerOctave {
		exponent, sub = exponent+1, 0
	}
	return math.Float64frombits(uint64(exponent+lowestExponent+exponentBias)<<mantissaBits | mantissas[sub]) //nolint:gosec // small
}

// middle is the value that stands for a bucket: as far from its lower bound as from its upper one, in proportion.
func middle(bucket int) float64 { return upperBound(bucket) * halfBucketDown }

const halfBucketDown = 0.97857206208770013450916112581343574560 // 2^(-1/32)
