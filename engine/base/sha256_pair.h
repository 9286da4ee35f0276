// The compression function of SHA-256 over two streams at once. The CPU's SHA instructions wait for
// each other's results within one stream; a second stream fills the gaps, so that both take hardly
// longer than one. Source: FIPS 180-4; Intel, "New instructions supporting the Secure Hash
// Algorithm on Intel Architecture processors", 2013.
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

/// Whether this CPU has the instructions.
bool CanPairSha256();

/// Advances two states (eight words each, in FIPS 180-4's order) by `blocks` blocks of 64 bytes.
/// REQUIRES: CanPairSha256().
void PairSha256(uint32_t* first_state, const uint8_t* first, uint32_t* second_state,
                const uint8_t* second, size_t blocks);

}  // namespace millrace
