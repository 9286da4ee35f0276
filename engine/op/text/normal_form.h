// Unicode's normal forms (UAX 15), by the data of utf8proc. Only the parts of a text that can
// change are looked at more closely: from a character that nothing before it combines with to the
// next.
//
// Thread-safety: pure functions. n log n at most, whatever the order of combining marks.
#pragma once

#include <string>
#include <string_view>

namespace millrace::op {

enum class NormalForm { kNfc, kNfkc, kNfd, kNfkd };

/// Appends the normal form of valid UTF-8; false, and nothing appended, when the text has it.
bool AppendNormalized(std::string_view text, NormalForm form, std::string* out);

/// The same as tokenizers have it: code points that their Unicode did not have yet stay as they are
/// (op/tokenizer/char_table.h).
bool AppendNormalizedOfTokenizers(std::string_view text, NormalForm form, std::string* out);

}  // namespace millrace::op
