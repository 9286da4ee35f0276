// What the text of a field looks like, for judging whether a dialect makes sense of a file.
#pragma once

#include <string_view>

namespace millrace::io::csv {

enum class ValueKind { kEmpty, kNumber, kDate, kBool, kAddress, kCode, kText };

/// kAddress: an e-mail address or URL; kCode: capitals and digits such as "EUR" or "A-1042".
ValueKind KindOfValue(std::string_view text);
/// "NA", "null", "-" and the like: a value that says there is none.
bool SaysNull(std::string_view text);
/// How well the text reads as one value, 0..1: one that holds what may be a delimiter, that starts
/// with a quote, or has blanks around it is doubtful.
double Plausibility(std::string_view text, bool quoted);

}  // namespace millrace::io::csv
