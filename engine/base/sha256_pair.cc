#include "base/sha256_pair.h"

#include "base/status.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace millrace {

#if defined(__x86_64__)
namespace {

alignas(16) constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define MILLRACE_SHA __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

// One stream's state as the instructions want it (words A, B, E, F and C, D, G, H, the highest
// first), with the last sixteen words of the message schedule.
struct Lane {
  __m128i abef, cdgh, abef_before, cdgh_before;
  __m128i words[4];
  const uint8_t* bytes;
};

MILLRACE_SHA void Load(const uint32_t* state, Lane* lane) {
  const __m128i badc =
      _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state)), 0xB1);
  const __m128i hgfe =
      _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4)), 0x1B);
  lane->abef = _mm_alignr_epi8(badc, hgfe, 8);
  lane->cdgh = _mm_blend_epi16(hgfe, badc, 0xF0);
}

MILLRACE_SHA void Store(const Lane& lane, uint32_t* state) {
  const __m128i feba = _mm_shuffle_epi32(lane.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(lane.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Rounds 4 * kStep to 4 * kStep + 3.
template <int kStep>
MILLRACE_SHA void FourRounds(Lane* lane) {
  __m128i* words = lane->words;
  __m128i& now = words[kStep & 3];
  if constexpr (kStep < 4) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    now = _mm_shuffle_epi8(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(lane->bytes + 16 * kStep)), big_endian);
  } else {
    const __m128i& last = words[(kStep + 3) & 3];
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(now, words[(kStep + 1) & 3]),
                                      _mm_alignr_epi8(last, words[(kStep + 2) & 3], 4));
    now = _mm_sha256msg2_epu32(sum, last);
  }
  const __m128i keyed = _mm_add_epi32(
      now, _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants + 4 * kStep)));
  lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, keyed);
  lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(keyed, 0x0E));
}

template <int kStep>
MILLRACE_SHA void RoundsFrom(Lane* first, Lane* second) {
  if constexpr (kStep < 16) {
    FourRounds<kStep>(first);
    FourRounds<kStep>(second);
    RoundsFrom<kStep + 1>(first, second);
  }
}

MILLRACE_SHA void Begin(Lane* lane) {
  lane->abef_before = lane->abef;
  lane->cdgh_before = lane->cdgh;
}

MILLRACE_SHA void End(Lane* lane) {
  lane->abef = _mm_add_epi32(lane->abef, lane->abef_before);
  lane->cdgh = _mm_add_epi32(lane->cdgh, lane->cdgh_before);
  lane->bytes += 64;
}

__attribute__((target("sha,sse4.1,ssse3"))) void Advance(uint32_t* first_state,
                                                         const uint8_t* first,
                                                         uint32_t* second_state,
                                                         const uint8_t* second, size_t blocks) {
  Lane a, b;
  Load(first_state, &a);
  Load(second_state, &b);
  a.bytes = first;
  b.bytes = second;
  for (; blocks > 0; --blocks) {
    Begin(&a);
    Begin(&b);
    RoundsFrom<0>(&a, &b);
    End(&a);
    End(&b);
  }
  Store(a, first_state);
  Store(b, second_state);
}

bool AskCpu() {
  constexpr uint32_t kShaInstructions = 1U << 29;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kShaInstructions) != 0 &&
         __builtin_cpu_supports("sse4.1") != 0 && __builtin_cpu_supports("ssse3") != 0;
}

}  // namespace

bool CanPairSha256() {
  static const bool can = AskCpu();
  return can;
}

void PairSha256(uint32_t* first_state, const uint8_t* first, uint32_t* second_state,
                const uint8_t* second, size_t blocks) {
  Advance(first_state, first, second_state, second, blocks);
}

#else

bool CanPairSha256() { return false; }

void PairSha256(uint32_t*, const uint8_t*, uint32_t*, const uint8_t*, size_t) {
  MILLRACE_CHECK(false);
}

#endif

}  // namespace millrace
